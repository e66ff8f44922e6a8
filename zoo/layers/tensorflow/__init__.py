"""Calls of TensorFlow functions as layers, as tf.keras writes them into files: a closed table of functions."""

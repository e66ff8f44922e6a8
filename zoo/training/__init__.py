"""Running models over data."""

from zoo.training.trainer import Trainer as Trainer

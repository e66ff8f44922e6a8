"""Data sets of Keras's names, read from files on this machine."""

from zoo.datasets import boston_housing as boston_housing
from zoo.datasets import california_housing as california_housing
from zoo.datasets import cifar10 as cifar10
from zoo.datasets import cifar100 as cifar100
from zoo.datasets import fashion_mnist as fashion_mnist
from zoo.datasets import imdb as imdb
from zoo.datasets import mnist as mnist
from zoo.datasets import reuters as reuters

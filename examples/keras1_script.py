'''Trains a simple convnet on small pictures of strokes, which are drawn here.

Gets to 95% test accuracy after 6 epochs.
'''

from __future__ import print_function
import numpy as np
np.random.seed(1337)  # for reproducibility

from keras.models import Sequential
from keras.layers.core import Dense, Dropout, Activation, Flatten
from keras.layers.convolutional import Convolution2D, MaxPooling2D
from keras.optimizers import SGD
from keras.utils import np_utils
from keras import backend as K

batch_size = 32
nb_classes = 4
nb_epoch = 6

# input image dimensions
img_rows, img_cols = 12, 12
# number of convolutional filters to use
nb_filters = 8
# size of pooling area for max pooling
pool_size = (2, 2)
# convolution kernel size
kernel_size = (3, 3)


def draw(nb_samples):
    '''Horizontal, vertical, falling and rising strokes with noise.'''
    X = np.random.uniform(0, 60, (nb_samples, img_rows, img_cols))
    y = np.random.randint(0, nb_classes, nb_samples)
    for picture, kind in zip(X, y):
        at = np.random.randint(2, 10)
        line = np.arange(2, 10)
        if kind == 0:
            picture[at, line] += 190
        elif kind == 1:
            picture[line, at] += 190
        elif kind == 2:
            picture[line, line] += 190
        else:
            picture[line, line[::-1]] += 190
    return X, y


# the data, shuffled and split between train and test sets
X_train, y_train = draw(800)
X_test, y_test = draw(200)

if K.image_dim_ordering() == 'th':
    X_train = X_train.reshape(X_train.shape[0], 1, img_rows, img_cols)
    X_test = X_test.reshape(X_test.shape[0], 1, img_rows, img_cols)
    input_shape = (1, img_rows, img_cols)
else:
    X_train = X_train.reshape(X_train.shape[0], img_rows, img_cols, 1)
    X_test = X_test.reshape(X_test.shape[0], img_rows, img_cols, 1)
    input_shape = (img_rows, img_cols, 1)

X_train = X_train.astype('float32')
X_test = X_test.astype('float32')
X_train /= 255
X_test /= 255
print('X_train shape:', X_train.shape)
print(X_train.shape[0], 'train samples')
print(X_test.shape[0], 'test samples')

# convert class vectors to binary class matrices
Y_train = np_utils.to_categorical(y_train, nb_classes)
Y_test = np_utils.to_categorical(y_test, nb_classes)

model = Sequential()

model.add(Convolution2D(nb_filters, kernel_size[0], kernel_size[1],
                        border_mode='valid',
                        input_shape=input_shape))
model.add(Activation('relu'))
model.add(Convolution2D(nb_filters, kernel_size[0], kernel_size[1], init='he_normal'))
model.add(Activation('relu'))
model.add(MaxPooling2D(pool_size=pool_size))
model.add(Dropout(0.25))

model.add(Flatten())
model.add(Dense(32))
model.add(Activation('relu'))
model.add(Dropout(p=0.5))
model.add(Dense(output_dim=nb_classes))
model.add(Activation('softmax'))

sgd = SGD(lr=0.05, decay=1e-6, momentum=0.9, nesterov=True)
model.compile(loss='categorical_crossentropy',
              optimizer=sgd,
              metrics=['accuracy'])

model.fit(X_train, Y_train, batch_size=batch_size, nb_epoch=nb_epoch,
          verbose=2, validation_data=(X_test, Y_test))
score = model.evaluate(X_test, Y_test, verbose=0)
print('Test score:', score[0])
print('Test accuracy:', score[1])
print('Misclassified:', int((model.predict_classes(X_test, verbose=0) != y_test).sum()))

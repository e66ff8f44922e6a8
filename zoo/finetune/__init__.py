"""Teaching a pretrained network the classes of one's own photos: a folder of folders in, a model file out."""

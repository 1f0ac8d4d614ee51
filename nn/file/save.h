/* Writing model files, in the name of the function that was called. */
#ifndef NN_FILE_SAVE_H
#define NN_FILE_SAVE_H

#include "hash.h"
#include "wengert/file.h"

wg_status file_can_save(const char *op); /* E_STATE: the library was built without jansson */
wg_status file_save(const char *path, wg_tensor_list tensors, const wg_save_options *o, const char *op);

/* The hash of the data that file_save would write: all tensors, in the order of their places in the file. */
wg_status file_hash(wg_tensor_list tensors, struct file_hash *hash, const char *op);

#endif

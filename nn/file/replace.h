/* Replacing a file: what is written becomes the file as a whole, or not at all. */
#ifndef NN_FILE_REPLACE_H
#define NN_FILE_REPLACE_H

#include <stddef.h>

#include "wengert/base.h"

struct replacement {
    const char *path, *op;
    char *directory, *name, *beside; /* the path's parts, and the name under which the new file is written */
    int folder, descriptor;
};

wg_status replace_begin(struct replacement *r, const char *path, const char *op);
wg_status replace_write(struct replacement *r, const void *bytes, size_t n);
wg_status replace_commit(struct replacement *r); /* the new file takes the path's name */
void replace_end(struct replacement *r);         /* in any case; without a commit the path is as it was */

#endif

/* Replacing a file: what is written becomes the file as a whole, or not at all. */
#ifndef NN_FILE_REPLACE_H
#define NN_FILE_REPLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wengert/base.h"

struct replacement {
    const char *path, *op;
    bool keep_previous;              /* the file that is replaced stays as NAME.prev */
    char *directory, *name, *beside; /* the path's parts, and the name under which the new file is written */
    int folder, descriptor;
    size_t pending; /* bytes since the system was asked to bring them to the disk */
};

wg_status replace_begin(struct replacement *r, const char *path, const char *op);
/* Reserves the size of the new file where the file system can, so that a disk that is too small is found before it is full. */
wg_status replace_reserve(const struct replacement *r, uint64_t size);
wg_status replace_write(struct replacement *r, const void *bytes, size_t n);
wg_status replace_commit(struct replacement *r); /* the new file takes the path's name; E_DURABILITY: it did, but see errors.md */
void replace_end(struct replacement *r);         /* in any case; without a commit the path is as it was */

#endif

/* Loading in steps: what is read stands beside the tensors until all of it has been checked. */
#ifndef NN_FILE_LOAD_H
#define NN_FILE_LOAD_H

#include "source.h"
#include "wengert/file.h"

/* A name of the list with its tensor, what the file has for it (NULL: nothing), and its elements. */
struct file_wanted {
    const char *name;
    wg_tensor *tensor;
    size_t order; /* in the list */
    const struct file_entry *entry;
    void *elements;
    bool shared; /* its memory overlaps another one's; known after file_load_read */
};

struct file_load {
    struct source source;
    struct file_wanted *wanted;
    size_t n;
};

/* Reads the header. load->source.op and .descriptor = -1 are set before; file_load_end follows in any case. */
wg_status file_load_open(struct file_load *load, const char *path, wg_tensor_list tensors, const wg_load_options *o);
wg_status file_load_match(struct file_load *load, const wg_load_options *o); /* compares it with the list */
wg_status file_load_read(struct file_load *load);         /* the elements, in the order of their places in the file */
wg_status file_load_check_shared(struct file_load *load); /* a part of file_load_read */
wg_status file_load_commit(const struct file_load *load); /* the tensors change: all, or none */
void file_load_end(struct file_load *load);

#endif

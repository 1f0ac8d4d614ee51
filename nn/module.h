/* What a module is inside, for the files that build and apply modules. The parameters of a module and of all its children are one flat
   list, the module's own first: a forward function finds its own at the front and each child's behind, and the same path runs on other
   parameters than the module's. */
#ifndef NN_MODULE_H
#define NN_MODULE_H

#include "wengert/nn.h"

struct list {
    size_t n, own, capacity; /* all; the module's own, which stand first; how many there is room for */
    wg_tensor **tensor;
    char **name;
};

struct child {
    wg_nn_module *module;
    char *name;
    size_t first_param, first_buffer; /* where its lists begin in the parent's, counted from the end of the parent's own */
};

struct wg_nn_module {
    const struct wg_nn_kind *kind;
    void *context;
    struct list params, buffers;
    struct child *children;
    size_t n_children;
    int depth;             /* 1 without children */
    void *names, *tensors; /* search trees of what it has, until it is a child: names of its own and of children; all tensors */
    wg_nn_module *next;    /* while a tree is being destroyed */
    bool is_child;
};

wg_status nn_null_argument(const char *op, const char *what); /* records that it is NULL */

#endif

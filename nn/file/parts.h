/* What a checkpoint is made of: a list of named tensors, among them some of its own that stand for what is no tensor in the program,
   a position in data or a number. They are filled before a save, and read after a load. */
#ifndef NN_FILE_PARTS_H
#define NN_FILE_PARTS_H

#include "wengert/run.h"

enum { PART_NUMBERS = 4 }; /* of a position: seed, epoch, position; batches an epoch */

/* What a tensor of the checkpoint's own stands for: one of the two. */
struct stand_in {
    size_t entry;
    wg_batches *batches;
    int64_t *count;
    wg_batches_state before; /* while loading */
};

struct wg_run {
    size_t n, n_stand_ins;
    wg_tensor **tensor; /* borrowed, or a stand-in's, adopted */
    char **name;
    struct stand_in *stand_in;
};

static inline wg_tensor_list parts_of(const wg_run *c)
{
    return (wg_tensor_list){c->n, c->tensor, (const char *const *)c->name};
}

wg_status parts_check_live(const wg_run *c, const char *op);
wg_status parts_no_memory(const char *op);

#endif

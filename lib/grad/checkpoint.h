/* Checkpoints: what the first run of a function leaves for the second. */
#ifndef WG_CHECKPOINT_H
#define WG_CHECKPOINT_H

#include "grad/forward_mode.h"

/* What the function changed outside its tape (a generator, running statistics), as it was before. */
struct wg_before {
    struct wg_storage *storage, *saved;
    char *at;
    size_t bytes;
    uint32_t version; /* when the function ran again */
};

struct wg_checkpoint_operand {
    unsigned at; /* which of the node's inputs it is; the others the function captured */
    bool held;   /* before the function ran */
};

struct wg_checkpointed {
    struct wg_op op; /* made for one application: how many inputs there are, differs */
    wg_closure closure;
    wg_function *f;
    void *context;
    size_t n;
    struct wg_checkpoint_operand *operand;
    bool eval;
    size_t n_before;
    struct wg_before before[];
};

/* y = f(x), at the first run as at the second. */
wg_tensor *wg_checkpoint_value(struct wg_thread *th, wg_function *f, void *context, wg_tensor *const *x, size_t n);
/* The rules of the node, whose context is a struct wg_checkpointed: they run f again. */
wg_status wg_checkpoint_vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx);
wg_status wg_checkpoint_jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty);

#endif

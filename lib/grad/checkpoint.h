/* Checkpoints: what the first run of a checkpointed function leaves for the second run. */
#ifndef WG_CHECKPOINT_H
#define WG_CHECKPOINT_H

#include "grad/forward_mode.h"

/* Memory that the function changed outside its tape (a generator, running statistics), as it was before the first run. */
struct wg_before {
    struct wg_storage *storage, *saved;
    char *at;
    size_t bytes;
    uint32_t version; /* of the storage, before the second run */
};

struct wg_checkpoint_operand {
    unsigned at; /* its index among the node's inputs; the function captured the others */
    bool held;   /* WG_T_HOLD before the function ran */
};

struct wg_checkpointed {
    struct wg_op op; /* made for each application, since the number of inputs differs */
    wg_closure closure;
    wg_function *f;
    void *context;
    size_t n;
    struct wg_checkpoint_operand *operand;
    bool eval;
    size_t n_before;
    struct wg_before before[];
};

/* y = f(x), for both runs. */
wg_tensor *wg_checkpoint_value(struct wg_thread *th, wg_function *f, void *context, wg_tensor *const *x, size_t n);
/* The node's vjp and jvp. c->context is a struct wg_checkpointed. Both run f again. */
wg_status wg_checkpoint_vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx);
wg_status wg_checkpoint_jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty);

#endif

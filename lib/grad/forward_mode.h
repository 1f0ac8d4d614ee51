/* Forward mode, and the frame that wg_vjp, wg_jvp, wg_hvp, wg_jacobian and wg_hessian share. */
#ifndef WG_FORWARD_MODE_H
#define WG_FORWARD_MODE_H

#include "grad/pass.h"
#include "wengert/derivative.h"

/* Pushes tangents through the nodes of tape that are younger than `after`, up to `last`. The caller has set the first tangents, as
   adjoints of the tape's tensors. */
wg_status wg_push(struct wg_thread *th, const wg_tape *tape, uint64_t after, const struct wg_node *last);
/* Clears the tangents of the results of all nodes younger than `after`. */
void wg_push_clear(const wg_tape *tape, uint64_t after);

/* One differentiation of a function f. It runs on the open tape if that records, else on a tape that is closed once the results are
   copied out. */
struct work {
    struct wg_thread *th;
    const char *name;
    wg_tape *own;   /* the tape that is closed at the end, or NULL */
    wg_tape *tape;  /* the tape on which f runs */
    uint64_t start; /* younger nodes are those of the operands' views and of f */
    bool grad;      /* grad mode before */
    wg_tensor **x;  /* n views of the operands, on which f runs; then space for n more */
    wg_tensor *const *given;
    size_t n;
    wg_tensor *y;
};

/* Checks the operands, and that the thread is in no hook, backward pass or update. */
wg_status wg_work_check(struct wg_thread *th, const char *name, wg_tensor *const *x, size_t n);
/* y = f(x) on the top tape; y is live. NULL and an error on failure. A tape that f left open is closed. */
wg_tensor *wg_function_value(struct wg_thread *th, const char *name, wg_function *f, void *context, wg_tensor *const *x, size_t n);

wg_status wg_work_begin(struct work *w, const char *name, wg_tensor *const *x, size_t n);
/* Makes the views of the operands and runs f on them: w->y. */
wg_status wg_work_run(struct work *w, wg_function *f, void *context);
/* wg_work_run for an f whose result has one element, then its gradients g, recorded. */
wg_status wg_work_gradient(struct work *w, wg_function *f, void *context, wg_tensor **g);
/* The gradients of root with respect to the views, with seed v. WG_NONE for integers, zeros where root does not depend on a
   view. */
wg_status wg_work_gradients(struct work *w, wg_tensor *root, wg_tensor *v, bool create_graph, wg_tensor **gx);
/* Pushes the tangents t of the views up to the node `last`. Afterwards the adjoints of f's tensors hold their tangents. */
wg_status wg_work_push(struct work *w, wg_tensor *const *t, const struct wg_node *last);
/* The tangent of t, or zeros if it has none. */
wg_tensor *wg_tangent_of(const wg_tensor *t);
/* Ends the work. On success the n results are made to outlive its tape, all or none. */
wg_status wg_work_end(struct work *w, wg_status status, wg_tensor **result, size_t n);

#endif

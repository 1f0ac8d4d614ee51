/* Forward mode, and where the derivative of a function is worked out. */
#ifndef WG_FORWARD_H
#define WG_FORWARD_H

#include "grad/pass.h"
#include "wengert/derivative.h"

/* Pushes the tangents that wait in tensors of tape (set by the caller in adjoints) through its nodes younger than after, to last. */
wg_status wg_push(struct wg_thread *th, const wg_tape *tape, uint64_t after, const struct wg_node *last);
/* Every tangent in results of those nodes back to none. */
void wg_push_clear(const wg_tape *tape, uint64_t after);

/* On the open tape, if it is to record it; else on one that is closed when the results are out. */
struct work {
    struct wg_thread *th;
    const char *name;
    wg_tape *own;   /* or NULL */
    wg_tape *tape;  /* on which f runs */
    uint64_t start; /* nodes younger than this one are the stand-ins and f's */
    bool grad;      /* grad mode as it was */
    wg_tensor **x;  /* stand-ins, n of them; then room for n more */
    wg_tensor *const *given;
    size_t n;
    wg_tensor *y;
};

/* May this be done here, with these operands? */
wg_status wg_work_check(struct wg_thread *th, const char *name, wg_tensor *const *x, size_t n);
/* y = f(x) on the top tape, live, or NULL and the error. A tape that f left open is closed. */
wg_tensor *wg_function_value(struct wg_thread *th, const char *name, wg_function *f, void *context, wg_tensor *const *x, size_t n);

wg_status wg_work_begin(struct work *w, const char *name, wg_tensor *const *x, size_t n);
/* Stands in for the operands and runs f: w->y. */
wg_status wg_work_run(struct work *w, wg_function *f, void *context);
/* That, of a function of one element, and its gradients, recorded. */
wg_status wg_work_gradient(struct work *w, wg_function *f, void *context, wg_tensor **g);
/* The gradients of root by the stand-ins: WG_NONE for integers, zeros where there is no dependence. */
wg_status wg_work_gradients(struct work *w, wg_tensor *root, wg_tensor *v, bool create_graph, wg_tensor **gx);
/* Pushes the tangents given to the stand-ins as far as last; those of what f recorded wait in its tensors then. */
wg_status wg_work_push(struct work *w, wg_tensor *const *t, const struct wg_node *last);
/* The tangent that waits in t, or zeros. */
wg_tensor *wg_tangent_of(const wg_tensor *t);
/* Hands the results out, all or none, and ends the work. */
wg_status wg_work_end(struct work *w, wg_status status, wg_tensor **result, size_t n);

#endif

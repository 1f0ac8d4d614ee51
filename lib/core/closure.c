/* Closures: ops made for one application from two plain functions and a context. */
#include <string.h>

#include "core/arena.h"

/* Allocated on the tape, where it lives as long as its node. */
struct made_op {
    struct wg_op op; /* first member: the shape rule finds the closure from it */
    wg_closure closure;
};

static wg_status closure_shape(const wg_call *c, wg_spec *out)
{
    const wg_closure *closure = &((const struct made_op *)(const void *)c->op)->closure;
    out->dtype = closure->dtype;
    out->rank = closure->shape.rank;
    memcpy(out->extent, closure->shape.extent, sizeof out->extent);
    return WG_OK;
}

wg_tensor *wg_closure_apply(const wg_closure *closure, wg_tensor *const *in, size_t n_in)
{
    struct wg_thread *th = wg_self();
    if (!closure || !closure->forward || !closure->name || (n_in && !in)) {
        wg_fail(WG_E_NULL, "closure_apply",
                "closure_apply: the closure, its name, its forward function or the list of operands is NULL");
        if (closure)
            wg_context_destroy(closure->name ? closure->name : "closure", closure->destroy, closure->context);
        return NULL;
    }
    struct made_op local, *p = th && th->top ? wg_tape_alloc(th->top, sizeof *p) : &local;
    wg_tensor *y = NULL;
    bool handed_over = false;
    if (p && (!th || !th->try_closure || th->try_closure(th, closure, in, n_in) == WG_OK)) {
        *p = (struct made_op){.closure = *closure};
        if (th && th->capture && th->capture->observer->closure(th, &p->closure) != WG_OK)
            goto failed;
        handed_over = closure->destroy && !p->closure.destroy;
        p->op = (struct wg_op){.name = p->closure.name,
                               .n_out = 1,
                               .optional = 0xffff,
                               .shape = closure_shape,
                               .kernels = {{.run = {closure->forward, closure->forward}}},
                               .vjp = closure->backward,
                               .saves = closure->saves,
                               .flags = WG_OP_ROW_MAJOR | (closure->backward ? 0 : WG_OP_NO_DERIVATIVE),
                               .reason = "the closure has no backward"};
        if (wg_invoke_closure(&p->op, in, n_in, &y, &p->closure) == WG_OK)
            return y;
    }
failed:
    if (th && th->has_error) /* if memory ran out, the error names the closure */
        wg_op_failed(th, &(struct wg_op){.name = closure->name}, WG_E_MEMORY, "forward");
    if (!handed_over)
        wg_context_destroy(closure->name, closure->destroy, closure->context);
    return NULL;
}

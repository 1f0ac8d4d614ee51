/* Actions: tapes, backward, hooks, closures, reruns. */
#include "world.h"

static void open_one(struct world *w)
{
    const bool trace = chance(w, 20);
    say(w, "open%s\n", trace ? ", traced" : "");
    open_tape(w, trace);
}

static void close_one(struct world *w)
{
    say(w, "close\n");
    if (w->depth < 2 || chance(w, 95))
        close_tape(w);
    else if (judged(w, wg_tape_close(w->open[0].tape)) == WG_OK)
        broken(w, "a tape was closed that is not on top");
}

static void backward(struct world *w)
{
    wg_tensor *root = any_handle(w);
    say(w, "backward %p\n", (void *)root);
    if (chance(w, 50) && root && wg_numel(root) != 1)
        root = adopt(w, wg_sum(root));
    wg_error_take(NULL);
    if (root)
        judged(w, wg_backward(root, .retain = chance(w, 40), .grad = chance(w, 10) ? any_handle(w) : WG_NONE));
}

static void backward_many(struct world *w)
{
    wg_tensor *roots[3] = {any_handle(w), any_handle(w), any_handle(w)};
    say(w, "backward_many\n");
    judged(w, wg_backward_many(roots, NULL, (size_t)below(w, 4), chance(w, 50)));
}

static void gradient(struct world *w)
{
    wg_tensor *y = any_handle(w), *x[2] = {any_handle(w), any_handle(w)}, *g[2] = {0};
    const size_t n = 1 + (size_t)below(w, 2);
    say(w, "grad %p by %p %p\n", (void *)y, (void *)x[0], (void *)x[1]);
    const wg_grad_options options = {.create_graph = chance(w, 50),
                                     .unused = chance(w, 50) ? WG_UNUSED_ZEROS : WG_UNUSED_ERROR,
                                     .grad = y && wg_numel(y) == 1 ? WG_NONE
                                             : chance(w, 60)       ? y
                                                                   : WG_NONE};
    wg_error_take(NULL);
    if (judged(w, wg_grad_many_with(y, x, n, g, options)) == WG_OK)
        for (size_t i = 0; i < n; i++)
            adopt(w, g[i]);
}

/* A hook that is correct, fails, or breaks a rule, depending on its context. */
static wg_tensor *hooked(wg_tensor *g, void *context)
{
    switch ((uintptr_t)context % 8) {
    case 0:
        return g;
    case 1:
        return wg_mul_scalar(g, 2);
    case 2:
        return NULL;
    case 3:
        wg_tape_open();
        return g;
    case 4:
        return wg_sum(g);
    case 5:
        return wg_error_set(wg_backward(g), "hook", "backward in a hook") == WG_OK ? g : NULL;
    case 6:
        return wg_mul(wg_donate(g), g);
    default:
        return wg_flip(g, 0);
    }
}

static void hook(struct world *w)
{
    wg_tensor *t = any_handle(w);
    say(w, "hook on %p\n", (void *)t);
    judged(w, wg_add_hook(t, hooked, (void *)(uintptr_t)(chance(w, 60) ? below(w, 2) : below(w, 8))));
}

/* A closure y = 2x of three elements that is correct, fails, or breaks a rule; its context counts how many are alive. */
struct context {
    int *alive;
    int way;
};

static wg_status forward(const wg_call *c)
{
    const struct context *context = c->context;
    if (context->way == 1)
        return WG_E_NUMERIC;
    if (context->way == 2)
        wg_tape_open();
    const double *x = wg_data(c->in[0]);
    double *y = wg_data_mut(c->out[0]);
    for (int i = 0; x && y && i < 3; i++)
        y[i] = 2 * x[i];
    return x && y ? WG_OK : WG_E_NULL;
}

static wg_status closure_backward(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    const struct context *context = c->context;
    if (context->way == 3)
        return WG_E_NUMERIC;
    if (context->way == 4)
        wg_tape_open();
    if (context->way == 5)
        return WG_OK; /* returns no gradient */
    if (context->way == 6)
        return WG_GIVE(gx[0], wg_sum(gy[0]));
    return WG_GIVE(gx[0], wg_mul_scalar(gy[0], 2));
}

static void destroy(void *context)
{
    struct context *c = context;
    --*c->alive;
    free(c);
}

static void closure(struct world *w)
{
    struct context *context = malloc(sizeof *context);
    if (!context)
        abort();
    *context = (struct context){w->closures, chance(w, 60) ? 0 : below(w, 7)};
    ++*w->closures;
    static const wg_closure plain = {
        .name = "twice", .forward = forward, .backward = closure_backward, .dtype = WG_F64, .shape = {1, {3}}};
    static wg_closure made[64]; /* must live as long as its tape; a sequence makes fewer than 64 */
    static int at;
    wg_closure *c = &made[at++ % 64];
    *c = plain;
    c->context = context;
    c->destroy = destroy;
    wg_tensor *x = adopt(w, wg_full(WG_F64, WG_SHAPE(3), 1));
    if (x && chance(w, 60))
        judge(w, wg_set_requires_grad(x, true) != NULL);
    say(w, "closure, way %d\n", context->way);
    wg_tensor *y = wg_closure_apply(c, &x, 1);
    if (!y && !wg_error_first())
        broken(w, "a closure failed without an error");
    adopt(w, y);
}

static void rerun(struct world *w)
{
    say(w, "rerun\n");
    if (w->depth > 0)
        judged(w, wg_tape_rerun(w->open[w->depth - 1].tape));
    w->written = true; /* a rerun has effects of its own */
}

static void bracket(struct world *w)
{
    if (w->depth == 0)
        return;
    say(w, "update bracket\n");
    if (judged(w, wg_update_begin()) != WG_OK)
        return;
    bool sound = true;
    for (int i = below(w, 4); i-- > 0;) {
        wg_tensor *a = any_handle(w), *b = any_handle(w);
        sound = judged(w, chance(w, 50) ? wg_assign(a, b) : wg_accumulate(a, b)) == WG_OK && sound;
        if (chance(w, 20))
            sound = adopt(w, wg_neg(any_handle(w))) && sound;
    }
    if (chance(w, 20)) {
        wg_update_cancel();
        judge(w, wg_error_first() == NULL);
        return;
    }
    const wg_status status = wg_update_commit();
    if (status == WG_OK && !sound)
        broken(w, "an update was committed though a part of it failed");
    judge(w, status == WG_OK || (!sound && !wg_error_first())); /* the cause was recorded and cleared when that part failed */
    if (status == WG_OK)
        save_owned(w);
}

const struct action tape_actions[] = {
    {"tape_open", 14, open_one}, {"tape_close", 6, close_one},
    {"backward", 8, backward},   {"backward_many", 2, backward_many},
    {"grad", 6, gradient},       {"add_hook", 3, hook},
    {"closure", 3, closure},     {"rerun", 2, rerun},
    {"update", 3, bracket},      {0},
};

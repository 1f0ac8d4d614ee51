/* Actions: training steps with a network and its optimizer, steps that fail, captures and replays. */
#include "world.h"

static void network(struct world *w)
{
    if (w->net)
        return;
    say(w, "network\n");
    const int before = w->depth;
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(3, 4, 1), .activation = WG_ACTIVATION_TANH, .seed = 1,
                                  .dtype = chance(w, 50) ? WG_F32 : WG_F64);
    judge(w, net != NULL);
    if (!net)
        return;
    wg_optim *optim = chance(w, 50) ? wg_optim_sgd(wg_nn_parameters(net), .lr = 0.1, .momentum = 0.9)
                                    : wg_optim_adam(wg_nn_parameters(net));
    judge(w, optim != NULL);
    if (!optim) {
        wg_nn_destroy(net);
        return;
    }
    w->net = net;
    w->optim = optim;
    w->depth = 0;
    const wg_tensor_list list = wg_nn_parameters(net);
    for (size_t i = 0; i < list.n; i++) {
        adopt(w, list.tensor[i]);
        w->handle[w->n - 1].borrowed = true;
        w->handle[w->n - 1].bytes = 0;
    }
    w->depth = before;
}

/* Copies all bytes of the network's parameters and the optimizer's state, which are small. */
static size_t read_network(const struct world *w, char *bytes, size_t size)
{
    const wg_tensor_list lists[] = {wg_nn_parameters(w->net), wg_optim_state(w->optim)};
    size_t used = 0;
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < lists[k].n; i++) {
            const size_t n = (size_t)wg_numel(lists[k].tensor[i]) * wg_dtype_size(wg_dtype_of(lists[k].tensor[i]));
            if (used + n > size || wg_read_raw(lists[k].tensor[i], bytes + used) != WG_OK)
                broken(w, "the network cannot be read");
            used += n;
        }
    return used;
}

/* One training step with a random accident; a step that fails changes neither parameters nor state. */
static void train(struct world *w)
{
    static char before[1 << 14], after[1 << 14];
    if (!w->net || w->depth > 0)
        return;
    say(w, "train\n");
    wg_error_take(NULL);
    const size_t size = read_network(w, before, sizeof before);
    const wg_dtype dtype = wg_dtype_of(wg_nn_parameters(w->net).tensor[0]);
    if (chance(w, 40))
        wg_memory_fail(below(w, 60), chance(w, 30));
    wg_status status = WG_E_MEMORY;
    wg_tape *tape = wg_tape_open();
    wg_tensor *x = wg_normal(wg_generator_default(), dtype, WG_SHAPE(2, 3), 0, 1), *y = wg_nn_apply(w->net, x);
    if (chance(w, 20))
        y = wg_add(y, any_handle(w));
    wg_tensor *loss = chance(w, 10) ? y : wg_mean(wg_square(y));
    if (chance(w, 20))
        wg_add(any_handle(w), x); /* an error that the step ignores */
    status = wg_backward(loss, .retain = chance(w, 20));
    if (status == WG_OK)
        status = wg_optim_step(w->optim);
    else
        wg_optim_clear_gradients(w->optim);
    wg_memory_fail(-1, false);
    wg_tape_close(tape);
    if (status != WG_OK && !wg_error_first())
        broken(w, "a step failed without an error");
    wg_error_take(NULL);
    if (read_network(w, after, sizeof after) != size || (status != WG_OK && memcmp(before, after, size) != 0))
        broken(w, "a failed step changed the network");
}

struct captured {
    uint64_t seed;
    int way;
    wg_tensor *x, *y;
};

static wg_status step(void *context)
{
    struct captured *c = context;
    if (c->way == 1)
        return wg_error_set(WG_E_ARGUMENT, "step", "a step that fails");
    if (c->way == 2)
        wg_tape_open();
    WG_TAPE(tape);
    wg_tensor *y = random_expression(c->seed, &c->x, 1);
    if (c->way == 3 && wg_seed(1, 1) != WG_OK)
        return WG_E_STATE;
    char bytes[MOST_BYTES];
    if (c->way == 4 && wg_read_raw(y, bytes) != WG_OK)
        return WG_E_STATE;
    if (c->way == 5)
        WG_TRY(wg_assign(c->x, wg_mul_scalar(c->x, 0.5)));
    if (c->way == 6) {
        wg_clear_gradient(c->x);
        WG_TRY(wg_backward(wg_sum(y), .retain = true));
    }
    c->y = wg_keep(y);
    return c->y ? WG_OK : WG_E_MEMORY;
}

/* The operand belongs to the caller and is not in the list of handles: a replay reads it for as long as it lives. */
static void capture(struct world *w)
{
    if (w->depth > 0 || w->replay)
        return;
    const wg_dtype dtype = chance(w, 50) ? WG_F32 : WG_F64;
    const wg_shape shape = any_shape(w);
    struct captured c = {.seed = draw(w), .way = chance(w, 60) ? 0 : below(w, 7), .x = wg_full(dtype, shape, 0.5)};
    judge(w, c.x != NULL);
    if (!c.x)
        return;
    if (c.way == 6)
        judge(w, wg_set_requires_grad(c.x, true) != NULL);
    say(w, "capture, way %d\n", c.way);
    w->replay = wg_replay_capture(step, &c);
    judge(w, w->replay != NULL);
    if (wg_tape_top())
        broken(w, "a capture left a tape open");
    w->written = true;
    if (c.y)
        adopt(w, c.y);
    if (w->replay)
        w->captured = c.x;
    else
        wg_free(c.x);
    judge(w, wg_error_first() == NULL);
}

static void replay(struct world *w)
{
    if (!w->replay)
        return;
    say(w, "replay\n");
    if (chance(w, 30))
        judged(w, wg_replay_bind(w->replay, w->captured, any_handle(w)));
    if (chance(w, 20))
        judged(w, wg_seed(draw(w), 0));
    judged(w, wg_replay_run(w->replay));
    w->written = true; /* results are overwritten in place */
    if (chance(w, 40)) {
        wg_replay_destroy(w->replay);
        wg_free(w->captured);
        w->replay = NULL;
        w->captured = NULL;
    }
}

const struct action step_actions[] = {
    {"network", 1, network}, {"train", 5, train}, {"capture", 3, capture}, {"replay", 4, replay}, {0},
};

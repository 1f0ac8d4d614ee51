/* Allocation failures in a training step built from ops: forward, backward, update. */
#include "steady.h"
#include "sweep.h"

struct step {
    struct net net;
    wg_tensor *x, *labels;
};

static void *prepare_step(void)
{
    struct step *step = calloc(1, sizeof *step);
    double loss;
    if (!step || !net_make(&step->net, 6, 5, 3))
        return NULL;
    step->x = numbers(WG_F32, WG_SHAPE(4, 6), 1);
    step->labels = net_labels(4, 3);
    /* One step, so that moments and statistics differ from their initial values; then free memory is returned to the system. */
    if (net_step(&step->net, step->x, step->labels, &loss) != WG_OK)
        return NULL;
    wg_memory_trim();
    return step;
}

static bool act_step(void *state)
{
    struct step *step = state;
    double loss;
    return net_step(&step->net, step->x, step->labels, &loss) == WG_OK;
}

static size_t save_step(void *state, char *bytes, size_t size)
{
    struct step *step = state;
    const size_t used = net_bytes(&step->net);
    if (used + NET_PARAMETERS > size)
        return 0;
    net_save(&step->net, bytes);
    for (int i = 0; i < NET_PARAMETERS; i++)
        bytes[used + (size_t)i] = wg_gradient(step->net.all[i]) != NULL;
    return used + NET_PARAMETERS;
}

static void finish_step(void *state)
{
    struct step *step = state;
    net_free(&step->net);
    wg_free(step->x);
    wg_free(step->labels);
    free(step);
}

static void out_of_memory_in_a_step(void **state)
{
    (void)state;
    const struct scenario scenario = {"a step", prepare_step, act_step, save_step, finish_step};
    assert_true(sweep(&scenario) > 60);
}

/* ---- gradients to second order, and keeping them ---- */

struct penalty {
    wg_tensor *w, *x, *kept;
    double value;
};

static void *prepare_penalty(void)
{
    struct penalty *penalty = calloc(1, sizeof *penalty);
    if (!penalty)
        return NULL;
    penalty->w = leaf(WG_F64, WG_SHAPE(3, 4), 1);
    penalty->x = leaf(WG_F64, WG_SHAPE(5, 4), 2);
    return penalty;
}

static bool act_penalty(void *state)
{
    struct penalty *penalty = state;
    WG_TAPE(tape);
    if (wg_section_push("penalty") != WG_OK)
        return false;
    wg_tensor *y = wg_sum(wg_tanh(wg_linear(penalty->x, penalty->w, WG_NONE)));
    wg_tensor *g = wg_grad(y, penalty->x, .create_graph = true);
    wg_tensor *loss = wg_sum(wg_square(g));
    wg_tensor *kept = wg_keep(loss);
    if (!kept || wg_set_name(kept, "loss") != WG_OK || wg_backward(loss) != WG_OK) {
        wg_free(kept);
        return false;
    }
    penalty->kept = kept;
    penalty->value = wg_item(kept);
    wg_section_pop();
    return true;
}

static size_t save_penalty(void *state, char *bytes, size_t size)
{
    const struct penalty *penalty = state;
    const bool there = wg_gradient(penalty->w) != NULL;
    memcpy(bytes, &penalty->value, sizeof penalty->value);
    bytes[8] = there;
    if (there && (size < 9 + 96 || wg_read_raw(wg_gradient(penalty->w), bytes + 9) != WG_OK))
        return 0;
    return there ? 9 + 96 : 9;
}

static void finish_penalty(void *state)
{
    struct penalty *penalty = state;
    wg_free(penalty->kept);
    wg_free(penalty->w);
    wg_free(penalty->x);
    free(penalty);
}

static void out_of_memory_in_a_gradient_penalty(void **state)
{
    (void)state;
    const struct scenario scenario = {"a gradient penalty", prepare_penalty, act_penalty, save_penalty, finish_penalty};
    assert_true(sweep(&scenario) > 30);
}

/* ---- a tape that cannot be opened ---- */

struct counter {
    wg_tensor *count;
};

static void *prepare_counter(void)
{
    struct counter *counter = calloc(1, sizeof *counter);
    if (counter)
        counter->count = made(wg_scalar(WG_F64, 0));
    return counter;
}

static bool act_counter(void *state)
{
    struct counter *counter = state;
    WG_TAPE(outer);
    WG_TAPE(inner);
    return wg_increment(counter->count) == WG_OK && wg_normal(wg_generator_default(), WG_F32, WG_SHAPE(3), 0, 1) != NULL;
}

static size_t save_counter(void *state, char *bytes, size_t size)
{
    const struct counter *counter = state;
    return size >= 8 && wg_read_raw(counter->count, bytes) == WG_OK ? 8 : 0;
}

static void finish_counter(void *state)
{
    struct counter *counter = state;
    wg_free(counter->count);
    free(counter);
}

static void out_of_memory_at_opening_a_tape(void **state)
{
    (void)state;
    const struct scenario scenario = {"nested tapes", prepare_counter, act_counter, save_counter, finish_counter};
    assert_true(sweep(&scenario) > 5);
}

/* ---- a traced step, run again ---- */

struct rerun {
    wg_tensor *w, *statistic, *generator;
};

static void *prepare_rerun(void)
{
    struct rerun *rerun = calloc(1, sizeof *rerun);
    if (!rerun)
        return NULL;
    rerun->w = leaf(WG_F64, WG_SHAPE(3), 1);
    rerun->statistic = made(wg_zeros(WG_F64, WG_SHAPE(3)));
    rerun->generator = made(wg_generator(1, 2));
    return rerun;
}

static bool act_rerun(void *state)
{
    struct rerun *rerun = state;
    WG_TAPE(tape, .trace = true);
    wg_tensor *h = wg_mul(rerun->w, wg_normal(rerun->generator, WG_F64, WG_SHAPE(3), 0, 1));
    if (wg_ema_update(rerun->statistic, h, 0.5) != WG_OK || wg_backward(wg_sum(h)) != WG_OK || wg_tape_rerun(tape) != WG_OK) {
        if (tape) /* if only the rerun fails, the effects of the first run stay */
            wg_error_set(WG_E_MEMORY, "rerun", "rerun: given up");
        return false;
    }
    return true;
}

static size_t save_rerun(void *state, char *bytes, size_t size)
{
    const struct rerun *rerun = state;
    if (size < 24 + 32 || wg_read_raw(rerun->statistic, bytes) != WG_OK || wg_read_raw(rerun->generator, bytes + 24) != WG_OK)
        return 0;
    return 24 + 32;
}

static void finish_rerun(void *state)
{
    struct rerun *rerun = state;
    wg_free(rerun->w);
    wg_free(rerun->statistic);
    wg_free(rerun->generator);
    free(rerun);
}

static void out_of_memory_in_a_rerun(void **state)
{
    (void)state;
    const struct scenario scenario = {"a rerun", prepare_rerun, act_rerun, save_rerun, finish_rerun};
    assert_true(sweep(&scenario) > 20);
}

int main(void)
{
    if (wg_warmup(1) != WG_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(out_of_memory_in_a_step),
        TEST(out_of_memory_in_a_gradient_penalty),
        TEST(out_of_memory_at_opening_a_tape),
        TEST(out_of_memory_in_a_rerun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

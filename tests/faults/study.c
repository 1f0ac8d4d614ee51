/* Allocation failures in the instruments for landscapes: each says that memory ran out, and leaves network and generator as they were. */
#include "sweep.h"

struct world {
    wg_nn_module *net;
    wg_tensor *x, *d, *table;
    wg_study_loss loss;
    wg_study_track *track;
    wg_study_record record;
    double number;
};

static wg_tensor *loss_of(wg_tensor *const *params, size_t n, void *context)
{
    (void)params, (void)n;
    const struct world *world = context;
    return wg_mean(wg_square(wg_dropout(wg_nn_apply(world->net, world->x), wg_generator_default(), 0.25)));
}

static wg_tensor *of_output(wg_tensor *const *x, size_t n, void *context)
{
    (void)n, (void)context;
    return wg_mean(wg_square(x[0]));
}

static void *prepare(void)
{
    struct world *world = calloc(1, sizeof *world);
    if (!world)
        return NULL;
    world->x = numbers(WG_F64, WG_SHAPE(4, 2), 1);
    world->net = wg_nn_mlp(WG_SIZES(2, 2, 1), .seed = 3, .dtype = WG_F64, .activation = WG_ACTIVATION_TANH, .batch_norm = true);
    if (!world->net || !wg_generator_default())
        return NULL;
    world->loss = (wg_study_loss){loss_of, world, wg_nn_parameters(world->net)};
    world->d = wg_study_direction(&world->loss, .scale = WG_STUDY_SCALE_NONE);
    world->track = wg_study_track_create(&world->loss);
    wg_memory_trim();
    return world->d && world->track ? world : NULL;
}

static size_t save(void *state, char *bytes, size_t size)
{
    const struct world *world = state;
    const wg_tensor_list list[2] = {wg_nn_parameters(world->net), wg_nn_buffers(world->net)};
    size_t used = 0;
    for (int l = 0; l < 2; l++)
        for (size_t i = 0; i < list[l].n; i++) {
            if (wg_read_raw(list[l].tensor[i], bytes + used) != WG_OK)
                return 0;
            used += (size_t)wg_numel(list[l].tensor[i]) * wg_dtype_size(wg_dtype_of(list[l].tensor[i]));
            bytes[used++] = wg_gradient(list[l].tensor[i]) != NULL;
            bytes[used++] = wg_requires_grad(list[l].tensor[i]);
        }
    if (wg_read_raw(wg_generator_default(), bytes + used) != WG_OK)
        return 0;
    used += 4 * sizeof(int64_t);
    if (world->table && wg_read_raw(world->table, bytes + used) == WG_OK)
        used += (size_t)wg_numel(world->table) * sizeof(double);
    memcpy(bytes + used, &world->number, sizeof world->number);
    used += sizeof world->number;
    return used <= size ? used : 0;
}

static void finish(void *state)
{
    struct world *world = state;
    wg_study_track_destroy(world->track);
    wg_nn_destroy(world->net);
    wg_free(world->x), wg_free(world->d), wg_free(world->table);
    free(world);
}

/* A test named out_of_memory_in_NAME: `act` is the body of a function of world and loss that returns whether it did what it should. */
#define SCENARIO(name, act)                                                          \
    static bool act_##name(void *state)                                              \
    {                                                                                \
        struct world *world = state;                                                 \
        const wg_study_loss *loss = &world->loss;                                    \
        (void)loss;                                                                  \
        act                                                                          \
    }                                                                                \
    static void out_of_memory_in_##name(void **state)                                \
    {                                                                                \
        (void)state;                                                                 \
        const struct scenario scenario = {#name, prepare, act_##name, save, finish}; \
        assert_true(sweep(&scenario) > 20);                                          \
    }
#define TABLE(name, call) SCENARIO(name, return (world->table = (call)) != NULL;)
#define STATUS(name, declaration, call, result) \
    SCENARIO(name, declaration; if ((call) != WG_OK) return false; world->number = (result); return true;)

TABLE(eigenvalues, wg_study_eigenvalues(loss))
TABLE(extremes, wg_study_extremes(loss, .basis = 5, .tolerance = 1e-2))
TABLE(density, wg_study_density(loss, .probes = 2, .steps = 2, .points = 9))
TABLE(line, wg_study_line(loss, world->d, .points = 2))
TABLE(taylor, wg_study_taylor(loss, world->d, 2))
TABLE(gradient_norms, wg_study_gradient_norms(loss))
TABLE(signals, wg_study_signals(world->net, world->x, of_output, NULL))
STATUS(trace, wg_study_estimate e, wg_study_trace(loss, &e, .probes = 2), e.mean)
STATUS(classify, wg_study_point p, wg_study_classify(loss, &p), p.largest)
STATUS(quadratic, double y, wg_study_quadratic(loss, world->d, &y), y)
STATUS(strict_saddle, wg_study_strict_result r,
       wg_study_strict_saddle(loss, &r, .epsilon = 1e9, .gamma = 1e9, .delta = 1e9, .samples = 1), r.smallest)
STATUS(track, wg_study_record r, wg_study_track_step(world->track, &r), r.at.rayleigh)

int main(void)
{
    if (wg_warmup(1) != WG_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(out_of_memory_in_eigenvalues), TEST(out_of_memory_in_extremes),      TEST(out_of_memory_in_density),
        TEST(out_of_memory_in_line),        TEST(out_of_memory_in_taylor),        TEST(out_of_memory_in_gradient_norms),
        TEST(out_of_memory_in_signals),     TEST(out_of_memory_in_trace),         TEST(out_of_memory_in_classify),
        TEST(out_of_memory_in_quadratic),   TEST(out_of_memory_in_strict_saddle), TEST(out_of_memory_in_track),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

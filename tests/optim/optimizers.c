/* What every entry of optimizers.def and stages.def must do, checked from the lists. */
#include <math.h>
#include <stdlib.h>

#include "training.h"
#include "wengert/unroll.h"

enum { N = 5, STEPS = 6 };

struct entry {
    const char *name;
    wg_optim *(*make)(wg_tensor_list params);
    wg_option_table (*table)(void); /* NULL for a stage */
};

#ifdef PLANTED_FAULTS
static struct entry entries[1]; /* optimizers_bites.c puts one after another here */
#else
#define WG_REAL(name, preset, help, ...) WG_OPTION_REAL_OF(options_type, name, preset, help, __VA_ARGS__),
#define WG_BOOL(name, preset, help) WG_OPTION_BOOL_OF(options_type, name, preset, help),
#define WG_OPTIMIZER(name, options)                                                             \
    static wg_optim *make_##name(wg_tensor_list params)                                         \
    {                                                                                           \
        return wg_optim_##name(params);                                                         \
    }                                                                                           \
    static wg_option_table table_##name(void)                                                   \
    {                                                                                           \
        typedef wg_optim_##name##_options options_type;                                         \
        static const wg_option option[] = {options};                                            \
        return (wg_option_table){option, sizeof option / sizeof *option, sizeof(options_type)}; \
    }
#include "wengert/optimizers.def"
#undef WG_REAL
#undef WG_BOOL
#undef WG_OPTIMIZER

/* Each stage beside SGD. An option that has no default counts (steps), or is smaller than gradients are here. */
static double given(const char *option, double preset)
{
    if (!isnan(preset))
        return preset;
    return strcmp(option, "steps") == 0 ? 2 : 0.125;
}

static wg_optim *beside_sgd(wg_tensor_list params, wg_stage *stage)
{
    wg_optim *optim = wg_optim_sgd(params);
    if (!optim)
        wg_stage_destroy(stage);
    else if (wg_optim_add_stage(optim, stage) == WG_OK)
        return optim;
    wg_optim_destroy(optim);
    return NULL;
}

#define WG_REAL(name, preset, help, ...) .name = given(#name, preset),
#define WG_BOOL(name, preset, help) .name = (preset),
#define WG_STAGE(name, options)                                                                        \
    static wg_optim *make_stage_##name(wg_tensor_list params)                                          \
    {                                                                                                  \
        wg_stage *stage = wg_stage_##name##_with((wg_stage_##name##_options){options.none_ = 0});      \
        return strcmp(#name, "rate") == 0 ? wg_optim_chain(params, stage) : beside_sgd(params, stage); \
    }
#include "wengert/stages.def"
#undef WG_REAL
#undef WG_BOOL
#undef WG_STAGE

static const struct entry entries[] = {
#define WG_OPTIMIZER(name, options) {#name, make_##name, table_##name},
#include "wengert/optimizers.def"
#undef WG_OPTIMIZER
#define WG_STAGE(name, options) {"stage " #name, make_stage_##name, NULL},
#include "wengert/stages.def"
#undef WG_STAGE
};
#endif
enum { ENTRIES = sizeof entries / sizeof *entries };

/* ---- a small problem: Σ (p_i - t_i)⁴ + Σ p_i q_i² of a vector p and a matrix q of one row, from a start ---- */

struct problem {
    struct training training;
    wg_tensor *target;
    bool observed; /* each step is behind an observation of the same gradients */
};

static wg_tensor *filled_as(wg_dtype dtype, wg_shape shape, double first, double step)
{
    double f64[N];
    float f32[N];
    for (int i = 0; i < N; i++)
        f64[i] = first + step * i, f32[i] = (float)f64[i];
    return dtype == WG_F64 ? wg_from(f64, shape) : wg_from(f32, shape);
}

static wg_tensor *filled(wg_dtype dtype, double first, double step)
{
    return filled_as(dtype, WG_SHAPE(N), first, step);
}

static wg_tensor *matrix(wg_dtype dtype)
{
    return filled_as(dtype, WG_SHAPE(1, N), -1, 0.5);
}

/* ---- a step in the way that the entry needs ---- */

static bool is_one_of(wg_optim *optim, const char *const *names, size_t n)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    assert_int_equal(wg_optim_print(optim, stream), WG_OK);
    fclose(stream);
    bool found = false;
    for (size_t i = 0; i < n; i++)
        found = found || (strncmp(text, names[i], strlen(names[i])) == 0 && strchr("\n(:", text[strlen(names[i])]));
    free(text);
    return found;
}

static bool takes_rows(wg_optim *optim)
{
    static const char *const names[] = {"sparse_adam"};
    return is_one_of(optim, names, 1);
}

static bool observes(wg_optim *optim)
{
    static const char *const names[] = {"sophia_g", "sophia_h", "adahessian"};
    return is_one_of(optim, names, 3);
}

static bool needs_loss(wg_optim *optim)
{
    static const char *const names[] = {"polyak_sgd", "momo", "momo_adam"};
    return is_one_of(optim, names, 3);
}

enum { MOST_ROWS = 150 };
static wg_tensor *rows_of[MOST_ROWS + 1]; /* 0 … n-1, for the numbers of rows that parameters have here */

static int make_rows(void **state)
{
    (void)state;
    static const int counts[] = {0, 1, 3, N, MOST_ROWS};
    static int64_t numbers[MOST_ROWS];
    for (int i = 0; i < MOST_ROWS; i++)
        numbers[i] = i;
    for (int i = 0; i < 5; i++)
        rows_of[counts[i]] = wg_from(numbers, WG_SHAPE(counts[i]));
    return 0;
}

static int free_rows(void **state)
{
    (void)state;
    for (int i = 0; i <= MOST_ROWS; i++)
        wg_free(rows_of[i]);
    return 0;
}

/* A rule that takes rows is told all of them. */
static wg_status tell_rows(wg_optim *optim, wg_tensor *p)
{
    return takes_rows(optim) ? wg_optim_set_rows(optim, p, rows_of[wg_extent(p, 0)]) : WG_OK;
}

/* loss: NULL where gradients are given without one; then it is 1. */
static wg_status take_step(wg_optim *optim, wg_tensor *const *p, size_t n, wg_tensor *loss)
{
    for (size_t i = 0; i < n; i++)
        WG_TRY(tell_rows(optim, p[i]));
    if (!needs_loss(optim))
        return wg_optim_step(optim);
    if (loss)
        return wg_optim_step_with_loss(optim, loss);
    WG_TAPE(tape);
    return wg_optim_step_with_loss(optim, wg_scalar(WG_F64, 1));
}

static wg_tensor *loss_of(const struct problem *problem)
{
    wg_tensor *away = wg_square(wg_sub(problem->training.p[0], problem->target));
    return wg_add(wg_sum(wg_square(away)), wg_sum(wg_mul(problem->training.p[0], wg_square(problem->training.p[1]))));
}

/* Optimizers that draw have their seeds from the thread's generator: all problems have the same. */
static struct problem begin(const struct entry *entry, wg_dtype dtype)
{
    assert_int_equal(wg_seed(1, 0), WG_OK);
    struct problem problem = {
        {{wg_set_requires_grad(filled(dtype, 0.5, 0.25), true), wg_set_requires_grad(matrix(dtype), true)}, NULL},
        filled(dtype, 0, 0.5),
        false};
    problem.training.optim = entry->make((wg_tensor_list){2, problem.training.p, NULL});
    assert_non_null(problem.training.optim);
    problem.observed = observes(problem.training.optim);
    return problem;
}

static void end(struct problem *problem)
{
    wg_optim_destroy(problem->training.optim);
    wg_free(problem->training.p[0]), wg_free(problem->training.p[1]), wg_free(problem->target);
}

static wg_status step(void *context)
{
    struct problem *problem = context;
    WG_TAPE(tape);
    if (problem->observed) {
        WG_TRY(wg_backward(loss_of(problem)));
        WG_TRY(wg_optim_observe(problem->training.optim));
    }
    wg_tensor *loss = loss_of(problem);
    WG_TRY(wg_backward(loss));
    return take_step(problem->training.optim, problem->training.p, 2, loss);
}

struct given {
    wg_optim *optim;
    wg_tensor *p, *gradient;
};

static wg_status step_given(void *context)
{
    const struct given *given = context;
    WG_TAPE(tape);
    wg_tensor *loss = wg_sum(wg_mul(given->p, given->gradient));
    WG_TRY(wg_backward(loss));
    return take_step(given->optim, &given->p, 1, loss);
}

static void run(struct problem *problem, int steps)
{
    for (int i = 0; i < steps; i++)
        assert_int_equal(step(problem), WG_OK);
}

/* ---- the checks ---- */

static void printing_shows_base_rates_and_keep_grads(void **state)
{
    (void)state;
    wg_nn_module *net = wg_nn_linear(2, 3);
    wg_optim *opt = wg_optim_sgd(wg_nn_matching(net, "weight"), .lr = 0.1, .keep_grads = true);
    assert_int_equal(wg_optim_set(opt, 1, "lr", 1), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "optim_set: there is no group 1: the only group is 0");
    assert_int_equal(wg_optim_add_group(opt, wg_nn_matching(net, "bias"), .lr = 0.2), WG_OK);
    assert_int_equal(wg_optim_set_lr(opt, 0, 0.05), WG_OK);
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    assert_int_equal(wg_optim_print(opt, stream), WG_OK);
    fclose(stream);
    assert_int_equal(strncmp(text, "sgd(keep_grads=true)\n", 21), 0);
    assert_non_null(strstr(text, "group 0: 1 parameter, 6 elements, lr=0.05 (base 0.1), momentum=0"));
    assert_non_null(strstr(text, "group 1: 1 parameter, 3 elements, lr=0.2, momentum=0"));
    free(text);
    assert_true(isnan(wg_optim_get(opt, 2, "lr")));
    assert_error(WG_E_ARGUMENT, "optim_get: there is no group 2: the groups are 0 and 1");
    assert_int_equal(wg_optim_set(opt, 0, "momentum", 0.9), WG_E_STATE);
    assert_error(WG_E_STATE, "make the optimizer, or add the group, with .momentum = 0.9");
    wg_optim_destroy(opt), wg_nn_destroy(net);
}

static void options_are_in_range_refused_out_of_it_and_printed(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES && entries[k].table; k++) {
        struct problem problem = begin(&entries[k], WG_F64);
        const wg_option_table table = entries[k].table();
        char *text = NULL;
        size_t size;
        FILE *stream = open_memstream(&text, &size);
        assert_int_equal(wg_optim_print(problem.training.optim, stream), WG_OK);
        fclose(stream);
        assert_shows(text, entries[k].name, table);
        for (size_t i = 0; i < table.n; i++) {
            const char *name = table.option[i].name;
            assert_true(wg_optim_get(problem.training.optim, 0, name) == table.option[i].preset);
            assert_int_equal(wg_optim_set(problem.training.optim, 0, name, NAN), WG_E_ARGUMENT);
            assert_error(WG_E_ARGUMENT, name);
            if (table.option[i].range.low > -7) {
                assert_int_equal(wg_optim_set(problem.training.optim, 0, name, -7), WG_E_ARGUMENT);
                assert_error(WG_E_ARGUMENT, name);
            }
            assert_true(wg_optim_get(problem.training.optim, 0, name) == table.option[i].preset);
        }
        free(text);
        end(&problem);
    }
    assert_no_error();
}

static void state_and_parameters_are_all_that_a_run_needs(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        struct problem whole = begin(&entries[k], WG_F32), half = begin(&entries[k], WG_F32);
        run(&whole, STEPS);
        run(&half, STEPS / 2);
        struct problem rest = begin(&entries[k], WG_F32);
        resume(&rest.training, &half.training);
        run(&rest, STEPS - STEPS / 2);
        assert_same_training(&whole.training, &rest.training);
        end(&whole), end(&half), end(&rest);
    }
    assert_no_error();
}

static void a_replayed_step_has_the_same_bits(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        struct problem eager = begin(&entries[k], WG_F32), replayed = begin(&entries[k], WG_F32);
        run(&eager, STEPS);
        wg_replay *replay = wg_replay_capture(step, &replayed);
        assert_non_null(replay);
        for (int i = 1; i < STEPS; i++)
            assert_int_equal(wg_replay_run(replay), WG_OK);
        wg_replay_destroy(replay);
        assert_same_training(&eager.training, &replayed.training);
        end(&eager), end(&replayed);
    }
    assert_no_error();
}

/* Its slot would be another tensor's by the time of a step. */
static void a_tensor_of_a_tape_is_no_parameter(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        WG_TAPE(tape);
        wg_tensor *p = wg_set_requires_grad(filled(WG_F32, 1, 1), true);
        assert_null(entries[k].make((wg_tensor_list){1, &p, NULL}));
        assert_error(WG_E_ARGUMENT, "belongs to a tape");
    }
    assert_no_error();
}

/* How far a step leads at rate 0. Rprop's lr is what its lengths begin at, and they are at least min_step, 1e-6; a projection
   moves what is outside its set. */
static double reach_at_rate_0(const struct entry *entry)
{
    if (strncmp(entry->name, "stage project_", 14) == 0)
        return N;
    return strcmp(entry->name, "rprop") == 0 ? 1e-6 : 0;
}

static void a_group_has_its_own_rate(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        struct problem problem = begin(&entries[k], WG_F64);
        wg_tensor *still = wg_set_requires_grad(filled(WG_F64, 1, 1), true), *before = filled(WG_F64, 1, 1);
        assert_int_equal(wg_optim_add_group(problem.training.optim, ((wg_tensor_list){1, &still, NULL}), .lr = 0), WG_OK);
        assert_close(wg_optim_get(problem.training.optim, 1, "lr"), 0, 0);
        assert_int_equal(wg_optim_add_group(problem.training.optim, ((wg_tensor_list){1, &before, NULL}), .lr = NAN),
                         WG_E_ARGUMENT);
        assert_error(WG_E_ARGUMENT, "lr");
        assert_int_equal(wg_optim_groups(problem.training.optim), 2);
        assert_int_equal(wg_add_gradient(still, before), WG_OK);
        assert_int_equal(tell_rows(problem.training.optim, still), WG_OK);
        run(&problem, 1);
        assert_values(still, wg_data(before), reach_at_rate_0(&entries[k]));
        end(&problem), wg_free(still), wg_free(before);
    }
    assert_no_error();
}

/* Tensors of many tiles, on one thread and on two, eager and replayed. */
static void long_tensors_have_the_same_bits(void **state)
{
    (void)state;
    enum { ROWS = 150, COLUMNS = 300 };
    for (size_t k = 0; k < ENTRIES; k++) {
        wg_tensor *p[3], *g = wg_zeros(WG_F32, WG_SHAPE(ROWS, COLUMNS));
        for (int i = 0; i < ROWS * COLUMNS; i++)
            ((float *)wg_data_mut(g))[i] = sinf((float)i);
        for (int way = 0; way < 3; way++) {
            assert_int_equal(wg_set_threads(way == 0 ? 1 : 2), WG_OK);
            assert_int_equal(wg_seed(1, 0), WG_OK);
            p[way] = wg_set_requires_grad(wg_full(WG_F32, WG_SHAPE(ROWS, COLUMNS), 0.5), true);
            wg_optim *optim = entries[k].make((wg_tensor_list){1, &p[way], NULL});
            struct given given = {optim, p[way], g};
            wg_replay *replay = way == 2 ? wg_replay_capture(step_given, &given) : NULL;
            assert_true(way < 2 || replay);
            for (int i = way == 2; i < 2; i++)
                assert_int_equal(replay ? wg_replay_run(replay) : step_given(&given), WG_OK);
            wg_replay_destroy(replay);
            wg_optim_destroy(optim);
        }
        assert_same_bits(p[0], p[1]), assert_same_bits(p[0], p[2]);
        wg_free(p[0]), wg_free(p[1]), wg_free(p[2]), wg_free(g);
    }
    assert_int_equal(wg_set_threads(1), WG_OK);
    assert_no_error();
}

/* A gradient that a parameter had when it was frozen is taken away by the next step, be that one captured before or not. */
static void a_frozen_parameter_keeps_no_gradient(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        struct problem problem = begin(&entries[k], WG_F64);
        wg_tensor *p = problem.training.p[0], *q = problem.training.p[1], *g = filled(WG_F64, 1, 1), *h = matrix(WG_F64);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(wg_add_gradient(p, g), WG_OK);
            if (i == 1)
                assert_int_equal(wg_add_gradient(q, h), WG_OK);
            assert_non_null(wg_set_requires_grad(q, false));
            assert_int_equal(take_step(problem.training.optim, problem.training.p, 2, NULL), WG_OK);
            assert_null(wg_gradient(q));
            assert_non_null(wg_set_requires_grad(q, true));
        }
        end(&problem), wg_free(g), wg_free(h);
    }
    assert_no_error();
}

/* A gradient of zeros moves by moments and decay only, and to no NaN; no gradient moves nothing. */
static void zero_gradients_and_none(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        struct problem problem = begin(&entries[k], WG_F64);
        wg_tensor *zero = wg_zeros(WG_F64, WG_SHAPE(N)), *start = matrix(WG_F64);
        for (int i = 0; i < STEPS; i++) {
            assert_int_equal(wg_add_gradient(problem.training.p[0], zero), WG_OK);
            assert_int_equal(take_step(problem.training.optim, problem.training.p, 2, NULL), WG_OK);
        }
        for (int i = 0; i < N; i++)
            assert_true(isfinite(((const double *)wg_data(problem.training.p[0]))[i]));
        assert_same_bits(problem.training.p[1], start);
        end(&problem), wg_free(zero), wg_free(start);
    }
    assert_no_error();
}

static void a_matrix_with_zero_gradients_stays_finite(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2 * ENTRIES; k++) {
        struct problem problem = begin(&entries[k / 2], k % 2 ? WG_F32 : WG_F64);
        wg_tensor *zero = wg_zeros(k % 2 ? WG_F32 : WG_F64, WG_SHAPE(1, N));
        for (int i = 0; i < STEPS; i++) {
            assert_int_equal(wg_add_gradient(problem.training.p[1], zero), WG_OK);
            assert_int_equal(take_step(problem.training.optim, problem.training.p, 2, NULL), WG_OK);
        }
        WG_TAPE(tape);
        assert_true(isfinite(wg_item(wg_sum(problem.training.p[1]))));
        end(&problem), wg_free(zero);
    }
    assert_no_error();
}

/* How far six steps in f32 may end from those in f64. The statistics of SOAP's matrix of one row have equal eigenvalues, 0, whose
   eigenvectors are arbitrary: each path has steps of about the rate, and so has the other parameter's, whose gradients depend on
   where that is. */
static double distance_to_f64(const struct entry *entry, wg_optim *optim)
{
    return strcmp(entry->name, "soap") == 0 ? 2 * STEPS * wg_optim_lr(optim, 0) : 1e-5;
}

static void f32_follows_f64(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        struct problem wide = begin(&entries[k], WG_F64), narrow = begin(&entries[k], WG_F32);
        run(&wide, STEPS), run(&narrow, STEPS);
        for (int i = 0; i < 2; i++)
            assert_values(narrow.training.p[i], wg_data(wide.training.p[i]), distance_to_f64(&entries[k], wide.training.optim));
        end(&wide), end(&narrow);
    }
    assert_no_error();
}

static void a_tensor_without_elements_is_a_parameter(void **state)
{
    (void)state;
    for (size_t k = 0; k < 3 * ENTRIES; k++) {
        const wg_shape shape[] = {WG_SHAPE(0, 3), WG_SHAPE(3, 0), WG_SHAPE(0)};
        wg_tensor *p = wg_set_requires_grad(wg_zeros(WG_F32, shape[k % 3]), true), *g = wg_zeros(WG_F32, shape[k % 3]);
        wg_optim *optim = entries[k / 3].make((wg_tensor_list){1, &p, NULL});
        assert_non_null(optim);
        assert_int_equal(wg_add_gradient(p, g), WG_OK);
        assert_int_equal(take_step(optim, &p, 1, NULL), WG_OK);
        wg_optim_destroy(optim), wg_free(p), wg_free(g);
    }
    assert_no_error();
}

/* Whichever allocation fails, no parameter and no state has changed, and a step that succeeds has the bits of one that never
   failed. Without observations, which are changes of their own: observe.c. */
static void a_step_without_memory_changes_nothing(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        struct problem problem = begin(&entries[k], WG_F32), sound = begin(&entries[k], WG_F32);
        problem.observed = sound.observed = false;
        for (int64_t at = 0;; at++) {
            wg_memory_fail(at, false);
            const wg_status status = step(&problem);
            wg_memory_fail(-1, false);
            if (status == WG_OK)
                break;
            assert_error(WG_E_MEMORY, "");
            assert_same_training(&problem.training, &sound.training);
            wg_clear_gradient(problem.training.p[0]), wg_clear_gradient(problem.training.p[1]);
        }
        run(&sound, 1);
        assert_same_training(&problem.training, &sound.training);
        end(&problem), end(&sound);
    }
    assert_no_error();
}

#include "optimizers_recorded.h"

static const struct CMUnitTest checks[] = {
    TEST(printing_shows_base_rates_and_keep_grads),
    TEST(options_are_in_range_refused_out_of_it_and_printed),
    TEST(state_and_parameters_are_all_that_a_run_needs),
    TEST(a_replayed_step_has_the_same_bits),
    TEST(a_tensor_of_a_tape_is_no_parameter),
    TEST(a_group_has_its_own_rate),
    TEST(long_tensors_have_the_same_bits),
    TEST(a_frozen_parameter_keeps_no_gradient),
    TEST(zero_gradients_and_none),
    TEST(a_matrix_with_zero_gradients_stays_finite),
    TEST(f32_follows_f64),
    TEST(a_tensor_without_elements_is_a_parameter),
    TEST(a_step_without_memory_changes_nothing),
    TEST(recorded_steps_have_finite_gradients_where_gradients_are_0),
};

#ifndef PLANTED_FAULTS
int main(void)
{
    return cmocka_run_group_tests(checks, make_rows, free_rows);
}
#endif

/* What every entry of minimizers.def must do, checked from the list. */
#include <math.h>
#include <stdlib.h>

#include "failing_malloc.h"
#include "training.h"

enum { N = 3 };

#define WG_REAL(name, preset, help, ...) WG_OPTION_REAL_OF(options_type, name, preset, help, __VA_ARGS__),
#define WG_INT(name, preset, help, ...) WG_OPTION_INT_OF(options_type, name, preset, help, __VA_ARGS__),
#define WG_BOOL(name, preset, help) WG_OPTION_BOOL_OF(options_type, name, preset, help),
#define WG_CHOICE(name, preset, help, type) WG_OPTION_CHOICE_OF(options_type, name, preset, help, type##_names),
static const char *const wg_minimize_search_names[] = {"none", "backtracking", "strong_wolfe", NULL};
static const char *const wg_minimize_beta_names[] = {"polak_ribiere", "fletcher_reeves", "hestenes_stiefel", "dai_yuan", NULL};
static const char *const wg_minimize_order_names[] = {"cyclic", "greedy", NULL};
#define WG_LEAST_SQUARES(name, ...) WG_MINIMIZER(name, __VA_ARGS__)
#define WG_MINIMIZER(name, ...)                                                                    \
    static wg_minimizer *make_##name(wg_tensor_list params)                                        \
    {                                                                                              \
        return wg_minimize_##name(params);                                                         \
    }                                                                                              \
    static wg_minimizer *with_##name(wg_tensor_list params, const void *options_)                  \
    {                                                                                              \
        return wg_minimize_##name##_with(params, *(const wg_minimize_##name##_options *)options_); \
    }                                                                                              \
    static wg_option_table table_##name(void)                                                      \
    {                                                                                              \
        typedef wg_minimize_##name##_options options_type;                                         \
        static const wg_option option[] = {__VA_ARGS__};                                           \
        return (wg_option_table){option, sizeof option / sizeof *option, sizeof(options_type)};    \
    }
#include "wengert/minimizers.def"
#undef WG_MINIMIZER
#undef WG_LEAST_SQUARES

static const struct entry {
    const char *name;
    bool residuals;
    wg_minimizer *(*make)(wg_tensor_list params);
    wg_minimizer *(*with)(wg_tensor_list params, const void *options);
    wg_option_table (*table)(void);
} entries[] = {
#define WG_MINIMIZER(name, ...) {#name, false, make_##name, with_##name, table_##name},
#define WG_LEAST_SQUARES(name, ...) {#name, true, make_##name, with_##name, table_##name},
#include "wengert/minimizers.def"
#undef WG_MINIMIZER
#undef WG_LEAST_SQUARES
};
enum { ENTRIES = sizeof entries / sizeof *entries };

/* ---- a small problem of least squares: residuals p0 - 1, 3 (p1 - ½), p0 p1 / 4, from a start ---- */

struct problem {
    const struct entry *entry;
    wg_tensor *p[2], *generator;
    wg_tensor_list list;
    wg_minimizer *m;
    int calls, fails_at; /* the objective fails at this call, counted from 1 */
    double bad_from;     /* the objective is NaN where an element of p0 is larger */
    bool draws;
};

static wg_tensor *residuals(struct problem *problem, wg_tensor *const *p)
{
    wg_tensor *part[] = {wg_add_scalar(p[0], -1), wg_mul_scalar(wg_add_scalar(p[1], -0.5), 3),
                         wg_mul_scalar(wg_mul(p[0], p[1]), 0.25)};
    double largest = wg_item(wg_max(p[0]));
    if (largest > problem->bad_from)
        part[2] = wg_mul_scalar(part[2], NAN);
    if (problem->draws)
        part[2] = wg_mul(part[2], wg_uniform(problem->generator, wg_dtype_of(p[0]), WG_SHAPE(N), 0, 1));
    return wg_concat(part, 3, 0);
}

static wg_tensor *objective(wg_tensor *const *p, size_t n, void *context)
{
    struct problem *problem = context;
    (void)n;
    if (++problem->calls == problem->fails_at)
        return wg_error_set(WG_E_IO, "objective", "objective: planted") == WG_OK ? p[0] : NULL;
    wg_tensor *r = residuals(problem, p);
    return problem->entry->residuals ? r : wg_mul_scalar(wg_sum(wg_square(r)), 0.5);
}

static wg_tensor *filled(wg_dtype dtype, double first, double step)
{
    double f64[N];
    float f32[N];
    for (int i = 0; i < N; i++)
        f64[i] = first + step * i, f32[i] = (float)f64[i];
    return wg_set_requires_grad(dtype == WG_F64 ? wg_from(f64, WG_SHAPE(N)) : wg_from(f32, WG_SHAPE(N)), true);
}

static void begin(struct problem *problem, const struct entry *entry, wg_dtype dtype)
{
    *problem = (struct problem){.entry = entry, .p = {filled(dtype, -0.5, 0.25), filled(dtype, 2, -0.75)}, .bad_from = INFINITY};
    problem->list = (wg_tensor_list){2, problem->p, NULL};
    problem->m = entry->make(problem->list);
    assert_non_null(problem->m);
}

/* The same with tolerances that only a minimum fulfils. */
static void begin_exact(struct problem *problem, const struct entry *entry, wg_dtype dtype)
{
    begin(problem, entry, dtype);
    const wg_option_table table = entry->table();
    void *options = malloc(table.size);
    wg_options_reset(table, options);
    assert_int_equal(wg_options_set(table, options, "gradient_tolerance", 1e-9, "test"), WG_OK);
    for (size_t i = 0; i < table.n; i++)
        if (strcmp(table.option[i].name, "change_tolerance") == 0)
            assert_int_equal(wg_options_set(table, options, "change_tolerance", 0, "test"), WG_OK);
        else if (strcmp(table.option[i].name, "max_iterations") == 0 && table.option[i].preset == 1) /* a call is a step */
            assert_int_equal(wg_options_set(table, options, "max_iterations", 2000, "test"), WG_OK);
    wg_minimize_destroy(problem->m);
    problem->m = entry->with(problem->list, options);
    assert_non_null(problem->m);
    free(options);
}

static void end(struct problem *problem)
{
    wg_minimize_destroy(problem->m);
    wg_free(problem->p[0]), wg_free(problem->p[1]), wg_free(problem->generator);
}

static wg_minimize_result run(struct problem *problem)
{
    wg_minimize_result result;
    assert_int_equal(wg_minimize_run(problem->m, objective, problem, &result), WG_OK);
    return result;
}

static void assert_same_point(const struct problem *a, const struct problem *b)
{
    assert_same_bits(a->p[0], b->p[0]);
    assert_same_bits(a->p[1], b->p[1]);
}

static double largest_of(const wg_tensor *t)
{
    const double *v = wg_data(t);
    return fmax(v[0], fmax(v[1], v[2]));
}

/* Calls until the gradient is within its tolerance. */
static wg_minimize_result solve(struct problem *problem)
{
    wg_minimize_result result = run(problem);
    for (int i = 0; i < 100 && result.reason != WG_MINIMIZE_GRADIENT; i++)
        result = run(problem);
    return result;
}

/* ---- the checks ---- */

static void options_are_in_range_refused_out_of_it_and_printed(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        struct problem problem;
        begin(&problem, &entries[k], WG_F64);
        const wg_option_table table = entries[k].table();
        char *text = NULL;
        size_t size;
        FILE *stream = open_memstream(&text, &size);
        assert_int_equal(wg_minimize_print(problem.m, stream), WG_OK);
        fclose(stream);
        assert_shows(text, entries[k].name, table);
        assert_non_null(strstr(text, "): 2 parameters, 6 elements\n"));
        char *options = malloc(table.size);
        for (size_t i = 0; i < table.n; i++) {
            const wg_option *o = &table.option[i];
            wg_options_reset(table, options);
            if (o->type == WG_OPTION_REAL)
                *(double *)(options + o->offset) = NAN;
            else if (o->type == WG_OPTION_INT)
                *(int64_t *)(options + o->offset) = -7;
            else if (o->type == WG_OPTION_CHOICE)
                *(int *)(options + o->offset) = 1000;
            else
                continue;
            assert_null(entries[k].with(problem.list, options));
            assert_error(WG_E_ARGUMENT, o->name);
        }
        free(options), free(text);
        end(&problem);
    }
    assert_no_error();
}

static void a_minimum_is_found(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        struct problem problem, first;
        begin_exact(&problem, &entries[k], WG_F64), begin_exact(&first, &entries[0], WG_F64);
        const wg_minimize_result result = solve(&problem), expected = solve(&first);
        if (result.reason != WG_MINIMIZE_GRADIENT)
            fail_msg("%s: %s", entries[k].name, wg_minimize_reason_text(result.reason));
        assert_true(result.gradient_norm <= 1e-6);
        assert_close(result.f, expected.f, 1e-12);
        for (int i = 0; i < 2; i++)
            assert_values(problem.p[i], wg_data(first.p[i]), 1e-6);
        end(&problem), end(&first);
    }
    assert_no_error();
}

/* The result's counts are those of the objective's calls, and f is the objective where the parameters are. */
static void results_say_what_was_done(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        struct problem problem;
        begin_exact(&problem, &entries[k], WG_F64);
        const wg_minimize_result result = run(&problem);
        assert_int_equal(result.evaluations, problem.calls);
        assert_true(result.f < result.first);
        assert_true(result.iterations > 0 && result.gradients > 0);
        wg_tape *tape = wg_tape_open();
        wg_tensor *y = objective(problem.p, 2, &problem);
        assert_close(entries[k].residuals ? wg_item(wg_mul_scalar(wg_sum(wg_square(y)), 0.5)) : wg_item(y), result.f, 1e-15);
        assert_int_equal(wg_tape_close(tape), WG_OK);
        end(&problem);
    }
    assert_no_error();
}

static void f32_follows_f64(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        struct problem wide, narrow;
        begin_exact(&wide, &entries[k], WG_F64), begin(&narrow, &entries[k], WG_F32);
        solve(&wide);
        const int64_t steps = run(&narrow).iterations;
        for (int i = 1; i < (steps == 1 ? 300 : 3); i++)
            run(&narrow);
        for (int i = 0; i < 2; i++)
            assert_values(narrow.p[i], wg_data(wide.p[i]), 1e-3);
        end(&wide), end(&narrow);
    }
    assert_no_error();
}

/* One step in f32 is one in f64, rounded: derivatives of residuals and products have the same scale. */
static void a_step_in_f32_is_one_in_f64(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        struct problem wide, narrow;
        begin(&wide, &entries[k], WG_F64), begin(&narrow, &entries[k], WG_F32);
        assert_int_equal(wg_minimize_set(wide.m, "max_iterations", 2), WG_OK);
        assert_int_equal(wg_minimize_set(narrow.m, "max_iterations", 2), WG_OK);
        run(&wide), run(&narrow);
        for (int i = 0; i < 2; i++)
            assert_values(narrow.p[i], wg_data(wide.p[i]), 1e-4);
        end(&wide), end(&narrow);
    }
    assert_no_error();
}

/* Whichever call of the objective fails, and whichever allocation, nothing has changed; and then a call has the bits of one that
   never failed. */
static void a_call_that_fails_changes_nothing(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++)
        for (int before = 0; before < 20; before += 19) { /* calls before, which leave a state */
            struct problem problem, sound;
            begin(&problem, &entries[k], WG_F64), begin(&sound, &entries[k], WG_F64);
            for (int i = 0; i < before; i++)
                run(&problem), run(&sound);
            const wg_minimize_result unset = {.iterations = -7};
            for (int at = 1;; at++) {
                wg_minimize_result result = unset;
                problem.calls = 0, problem.fails_at = at;
                if (wg_minimize_run(problem.m, objective, &problem, &result) == WG_OK)
                    break;
                assert_error(WG_E_IO, "planted");
                assert_int_equal(result.iterations, -7);
                assert_same_point(&problem, &sound);
            }
            run(&sound);
            assert_same_point(&problem, &sound);
            end(&problem), end(&sound);
        }
    assert_no_error();
}

/* A run is continued from parameters and state, named in another order, with the bits of one that was not interrupted. */
static void state_and_parameters_are_all_that_a_run_needs(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++)
        for (int before = 0; before < 36; before += 5) {
            struct problem whole, rest;
            begin(&whole, &entries[k], WG_F64), begin(&rest, &entries[k], WG_F64);
            for (int i = 0; i < before; i++)
                run(&whole);
            const wg_tensor_list saved = wg_minimize_state(whole.m);
            wg_tensor *tensor[8];
            const char *name[8];
            for (size_t i = 0; i < saved.n; i++)
                tensor[i] = saved.tensor[saved.n - 1 - i], name[i] = saved.name[saved.n - 1 - i];
            if (before % 2)
                run(&rest); /* has a state of its own; the others have not been called yet */
            assert_int_equal(wg_minimize_set_state(rest.m, (wg_tensor_list){saved.n, tensor, name}), WG_OK);
            for (int i = 0; i < 2; i++)
                assert_int_equal(wg_write_raw(rest.p[i], wg_data(whole.p[i])), WG_OK);
            for (int i = 0; i < 15; i++)
                run(&whole), run(&rest);
            assert_same_point(&whole, &rest);
            end(&whole), end(&rest);
        }
    assert_no_error();
}

/* Another state is refused, and the minimizer goes on with its own. */
static void a_state_of_another_is_refused(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        struct problem problem, sound;
        begin(&problem, &entries[k], WG_F64), begin(&sound, &entries[k], WG_F64);
        for (int i = 0; i < 21; i++)
            run(&problem), run(&sound);
        const wg_tensor_list saved = wg_minimize_state(sound.m);
        wg_tensor *tensor[8], *bad = wg_full(WG_F64, WG_SHAPE(2), NAN);
        for (size_t i = 0; i <= saved.n; i++) { /* each in turn in another shape; then one too few */
            for (size_t j = 0; j < saved.n; j++)
                tensor[j] = i == j ? bad : saved.tensor[j];
            if (saved.n > 0) {
                assert_int_equal(wg_minimize_set_state(problem.m, (wg_tensor_list){saved.n - (i == saved.n), tensor, saved.name}),
                                 saved.n == 1 && i == 1 ? WG_OK : WG_E_ARGUMENT);
                if (saved.n > 1 || i == 0)
                    assert_error(WG_E_ARGUMENT, "minimize_set_state: expected ");
            }
        }
        const char *const names[] = {"m"};
        assert_int_equal(wg_minimize_set_state(problem.m, (wg_tensor_list){1, &bad, names}), WG_E_ARGUMENT);
        assert_error(WG_E_ARGUMENT, "minimize_set_state: ");
        if (saved.n > 1) { /* a number of steps that is none */
            wg_tensor *half = wg_scalar(WG_F64, 1.5);
            for (size_t j = 0; j < saved.n; j++)
                tensor[j] = strcmp(saved.name[j], "steps") == 0 ? half : saved.tensor[j];
            assert_int_equal(wg_minimize_set_state(problem.m, (wg_tensor_list){saved.n, tensor, saved.name}), WG_E_ARGUMENT);
            assert_error(WG_E_ARGUMENT, "expected a whole number that is not negative as \"steps\"");
            wg_free(half);
        }
        if (saved.n != 1) {
            run(&problem), run(&sound);
            assert_same_point(&problem, &sound);
        }
        end(&problem), end(&sound), wg_free(bad);
    }
    assert_no_error();
}

static void a_call_without_memory_changes_nothing(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++)
        for (int kind = 0; kind < 2; kind++) { /* the library's pool, malloc */
            struct problem problem, sound;
            begin(&problem, &entries[k], WG_F64), begin(&sound, &entries[k], WG_F64);
            for (int i = 0; i < 19; i++)
                run(&problem), run(&sound);
            for (int at = 0;; at += at < 40 ? 1 : 17) {
                if (kind == 0)
                    wg_memory_fail(at, false);
                else
                    fail_at = at;
                const wg_status status = wg_minimize_run(problem.m, objective, &problem, NULL);
                wg_memory_fail(-1, false), fail_at = -1;
                if (status == WG_OK)
                    break;
                assert_error(WG_E_MEMORY, "");
                assert_same_point(&problem, &sound);
            }
            run(&sound);
            assert_same_point(&problem, &sound);
            end(&problem), end(&sound);
        }
    assert_no_error();
}

/* Draws are the same in every evaluation, and neither they nor gradients on the leaves remain. */
static void evaluations_leave_nothing_behind(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        struct problem problem;
        begin_exact(&problem, &entries[k], WG_F64);
        problem.draws = true;
        problem.generator = wg_generator(5, 0);
        wg_tensor *same = wg_generator(5, 0);
        const wg_minimize_result result = solve(&problem);
        assert_int_equal(result.reason, WG_MINIMIZE_GRADIENT);
        assert_same_bits(problem.generator, same);
        assert_null(wg_gradient(problem.p[0]));
        assert_null(wg_tape_top());
        assert_true(wg_grad_mode() && wg_train_mode());
        end(&problem), wg_free(same);
    }
    assert_no_error();
}

/* A trial point without a value makes a step shorter; a start without one is an error. */
static void values_that_are_not_finite(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        struct problem problem, sound;
        begin(&problem, &entries[k], WG_F64), begin(&sound, &entries[k], WG_F64);
        problem.bad_from = 0.25; /* the minimum is not reached */
        const wg_minimize_result result = run(&problem);
        assert_true(result.f <= result.first && isfinite(result.f));
        assert_true(largest_of(problem.p[0]) <= 0.25 || result.reason == WG_MINIMIZE_ITERATIONS);
        end(&problem);
        begin(&problem, &entries[k], WG_F64);
        problem.bad_from = -1;
        assert_int_equal(wg_minimize_run(problem.m, objective, &problem, NULL), WG_E_NUMERIC);
        assert_error(WG_E_NUMERIC, "minimize_run: expected a finite objective where the call begins, got nan");
        assert_same_point(&problem, &sound);
        end(&problem), end(&sound);
    }
    assert_no_error();
}

static wg_tensor *flat(wg_tensor *const *p, size_t n, void *context)
{
    struct problem *problem = context;
    (void)n;
    wg_tensor *y = wg_mul_scalar(wg_square(p[0]), 0);
    return problem->entry->residuals ? y : wg_add_scalar(wg_sum(y), 1);
}

static void a_flat_start_stays(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        struct problem problem, sound;
        begin(&problem, &entries[k], WG_F64), begin(&sound, &entries[k], WG_F64);
        wg_minimize_result result;
        assert_int_equal(wg_minimize_run(problem.m, flat, &problem, &result), WG_OK);
        assert_int_equal(result.reason, WG_MINIMIZE_GRADIENT);
        assert_int_equal(result.iterations, 0);
        assert_same_point(&problem, &sound);
        end(&problem), end(&sound);
    }
    assert_no_error();
}

static wg_tensor *of_others(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)p;
    return context;
}

static wg_tensor *of_vectors(wg_tensor *const *p, size_t n, void *context)
{
    (void)n, (void)context;
    return p[0];
}

static void objectives_that_are_none(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        struct problem problem;
        begin(&problem, &entries[k], WG_F64);
        wg_tensor *one = wg_scalar(WG_F64, 1), *whole = wg_from(((const int64_t[]){1}), WG_SCALAR);
        assert_int_equal(wg_minimize_run(problem.m, of_others, one, NULL), WG_E_NO_GRAD);
        assert_error(WG_E_NO_GRAD, "");
        assert_int_equal(wg_minimize_run(problem.m, of_others, whole, NULL), WG_E_DTYPE);
        assert_error(WG_E_DTYPE, "minimize_run: expected an objective of f32 or f64, got i64");
        if (!entries[k].residuals) {
            assert_int_equal(wg_minimize_run(problem.m, of_vectors, NULL, NULL), WG_E_SHAPE);
            assert_error(WG_E_SHAPE, "minimize_run: expected an objective of one element, got [3]");
        }
        end(&problem), wg_free(one), wg_free(whole);
    }
    assert_no_error();
}

struct watched {
    struct problem *problem;
    int64_t calls, last;
    double f, stop_at;
    bool opens;
};

static bool watch(const wg_minimize_result *so_far, void *context)
{
    struct watched *w = context;
    w->calls++;
    assert_true(so_far->iterations == w->last || so_far->iterations == w->last + 1);
    w->last = so_far->iterations;
    w->f = so_far->f;
    double p[N], q[N], f = 0;
    assert_int_equal(wg_read(w->problem->p[0], p), WG_OK);
    assert_int_equal(wg_read(w->problem->p[1], q), WG_OK);
    for (int i = 0; i < N; i++)
        f += 0.5 * ((p[i] - 1) * (p[i] - 1) + 9 * (q[i] - 0.5) * (q[i] - 0.5) + p[i] * p[i] * q[i] * q[i] / 16);
    if (so_far->reason == WG_MINIMIZE_GRADIENT) /* no last step without evaluation */
        assert_close(f, so_far->f, 1e-13);
    if (w->opens)
        (void)wg_tape_open();
    return so_far->f > w->stop_at;
}

/* It sees every step with the parameters there, changes no bit, may end the call, and leaves nothing changed where it breaks its
   rules. */
static void a_watcher_sees_every_step(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        struct problem problem, sound;
        begin_exact(&problem, &entries[k], WG_F64), begin_exact(&sound, &entries[k], WG_F64);
        struct watched w = {.problem = &problem, .stop_at = -1};
        assert_int_equal(wg_minimize_watch(problem.m, watch, &w), WG_OK);
        const wg_minimize_result expected = run(&sound), result = run(&problem);
        assert_same_point(&problem, &sound);
        assert_true(w.last == result.iterations && w.calls > w.last);
        assert_int_equal(result.reason, expected.reason);
        assert_int_equal(result.evaluations, expected.evaluations);
        end(&problem), end(&sound);
        begin_exact(&problem, &entries[k], WG_F64), begin_exact(&sound, &entries[k], WG_F64);
        w = (struct watched){.problem = &problem, .stop_at = -1, .opens = true};
        assert_int_equal(wg_minimize_watch(problem.m, watch, &w), WG_OK);
        assert_int_equal(wg_minimize_run(problem.m, objective, &problem, NULL), WG_E_STATE);
        assert_error(WG_E_STATE, "minimize_run: the watcher left a tape open");
        assert_same_point(&problem, &sound);
        w = (struct watched){.problem = &problem, .stop_at = result.first * 0.5 + result.f * 0.5};
        const wg_minimize_result stopped = run(&problem);
        assert_int_equal(stopped.reason, WG_MINIMIZE_STOPPED);
        assert_true(stopped.f <= w.stop_at && stopped.f < stopped.first &&
                    stopped.iterations < result.iterations + (result.iterations == 1));
        end(&problem), end(&sound);
    }
    assert_no_error();
}

static wg_status run_in_capture(void *context)
{
    struct problem *problem = context;
    return wg_minimize_run(problem->m, objective, problem, NULL);
}

/* Inside an update and a capture it is refused, and nothing has changed; on an open tape it runs. */
static void where_a_call_may_stand(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        struct problem problem, sound;
        begin(&problem, &entries[k], WG_F64), begin(&sound, &entries[k], WG_F64);
        assert_int_equal(wg_update_begin(), WG_OK);
        assert_int_equal(wg_minimize_run(problem.m, objective, &problem, NULL), WG_E_STATE);
        wg_update_cancel();
        assert_error(WG_E_STATE, "");
        assert_null(wg_replay_capture(run_in_capture, &problem));
        assert_error(WG_E_STATE, "");
        assert_same_point(&problem, &sound);
        wg_tape *tape = wg_tape_open();
        run(&problem);
        assert_ptr_equal(wg_tape_top(), tape);
        assert_int_equal(wg_tape_close(tape), WG_OK);
        run(&sound);
        assert_same_point(&problem, &sound);
        end(&problem), end(&sound);
    }
    assert_no_error();
}

static void a_tensor_without_elements_is_a_parameter(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        struct problem problem, sound;
        begin(&problem, &entries[k], WG_F64), begin(&sound, &entries[k], WG_F64);
        wg_tensor *all[] = {problem.p[0], problem.p[1], wg_set_requires_grad(wg_zeros(WG_F32, WG_SHAPE(0, 3)), true)};
        wg_minimizer *m = entries[k].make((wg_tensor_list){3, all, NULL});
        assert_int_equal(wg_minimize_run(m, objective, &problem, NULL), WG_OK);
        run(&sound);
        assert_same_point(&problem, &sound);
        assert_null(entries[k].make((wg_tensor_list){1, &all[2], NULL}));
        assert_error(WG_E_SHAPE, "the parameters have no elements");
        wg_minimize_destroy(m), wg_free(all[2]);
        end(&problem), end(&sound);
    }
    assert_no_error();
}

static void a_parameter_outlives_its_minimizer(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        struct problem problem;
        begin(&problem, &entries[k], WG_F64);
        wg_free(problem.p[1]);
        assert_int_equal(wg_minimize_run(problem.m, objective, &problem, NULL), WG_E_DANGLING);
        assert_error(WG_E_DANGLING, "minimize_run: parameter 1 was freed");
        problem.p[1] = NULL;
        end(&problem);
    }
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(options_are_in_range_refused_out_of_it_and_printed),
        TEST(a_minimum_is_found),
        TEST(results_say_what_was_done),
        TEST(f32_follows_f64),
        TEST(a_step_in_f32_is_one_in_f64),
        TEST(a_call_that_fails_changes_nothing),
        TEST(a_call_without_memory_changes_nothing),
        TEST(state_and_parameters_are_all_that_a_run_needs),
        TEST(a_state_of_another_is_refused),
        TEST(evaluations_leave_nothing_behind),
        TEST(values_that_are_not_finite),
        TEST(a_flat_start_stays),
        TEST(objectives_that_are_none),
        TEST(where_a_call_may_stand),
        TEST(a_watcher_sees_every_step),
        TEST(a_tensor_without_elements_is_a_parameter),
        TEST(a_parameter_outlives_its_minimizer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

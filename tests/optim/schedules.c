/* What every entry of schedules.def must do, checked from the list. A required option is given a value that fits all. */
#include <math.h>
#include <stdlib.h>

#include "failing_malloc.h"
#include "training.h"

enum { STEPS = 12 };

#define WG_REAL(name, preset, help, ...) WG_OPTION_REAL_OF(options_type, name, preset, help, __VA_ARGS__),
#define WG_INT(name, preset, help, ...) WG_OPTION_INT_OF(options_type, name, preset, help, __VA_ARGS__),
#define WG_BOOL(name, preset, help) WG_OPTION_BOOL_OF(options_type, name, preset, help),
#define WG_CHOICE(name, preset, help, type) WG_OPTION_CHOICE_OF(options_type, name, preset, help, NULL),
#define WG_MILESTONE_LIST(name, preset, help) WG_OPTION_MILESTONES_OF(options_type, name, help),
#define WG_SCHEDULE(name, options)                                                              \
    static wg_lr *make_##name(const void *options_)                                             \
    {                                                                                           \
        return wg_lr_##name##_with(*(const wg_lr_##name##_options *)options_);                  \
    }                                                                                           \
    static wg_option_table table_##name(void)                                                   \
    {                                                                                           \
        typedef wg_lr_##name##_options options_type;                                            \
        static const wg_option option[] = {options};                                            \
        return (wg_option_table){option, sizeof option / sizeof *option, sizeof(options_type)}; \
    }
#include "wengert/schedules.def"
#undef WG_REAL
#undef WG_INT
#undef WG_BOOL
#undef WG_CHOICE
#undef WG_MILESTONE_LIST
#undef WG_SCHEDULE

static const struct entry {
    const char *name;
    wg_lr *(*make)(const void *options);
    wg_option_table (*table)(void);
} entries[] = {
#define WG_SCHEDULE(name, options) {#name, make_##name, table_##name},
#include "wengert/schedules.def"
#undef WG_SCHEDULE
};
enum { ENTRIES = sizeof entries / sizeof *entries };

/* ---- options ---- */

union options {
    char bytes[512];
    double aligned;
};

static bool is_required(const wg_option *option)
{
    return option->type == WG_OPTION_MILESTONES || isnan(option->preset) || option->preset == (double)WG_REQUIRED_INT;
}

/* Writes a number, whether it is in range or not. */
static void put(union options *options, const wg_option *option, double value)
{
    void *at = options->bytes + option->offset;
    if (option->type == WG_OPTION_REAL)
        *(double *)at = value;
    else if (option->type == WG_OPTION_INT)
        *(int64_t *)at = (int64_t)value;
    else if (option->type == WG_OPTION_BOOL)
        *(bool *)at = value != 0;
    else if (option->type == WG_OPTION_CHOICE)
        *(int *)at = (int)value;
    else
        *(wg_milestones *)at = (wg_milestones){.count = value > 0 ? 2 : 0, .step = {3, 7}};
}

/* The defaults; what is required is 0.5, 3 or the steps 3 and 7. */
static union options options_of(const struct entry *entry)
{
    union options options = {{0}};
    const wg_option_table table = entry->table();
    assert_true(table.size <= sizeof options);
    for (size_t i = 0; i < table.n; i++) {
        const wg_option *option = &table.option[i];
        put(&options, option, !is_required(option) ? option->preset : option->type == WG_OPTION_REAL ? 0.5 : 3);
    }
    return options;
}

static wg_lr *make(const struct entry *entry)
{
    const union options options = options_of(entry);
    wg_lr *schedule = entry->make(&options);
    assert_non_null(schedule);
    return schedule;
}

static void options_are_checked_and_printed(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        wg_lr *schedule = make(&entries[k]);
        char *text = NULL;
        size_t size;
        FILE *stream = open_memstream(&text, &size);
        assert_int_equal(wg_lr_print(schedule, stream), WG_OK);
        fclose(stream);
        assert_shows(text, entries[k].name, entries[k].table());
        free(text);
        wg_lr_destroy(schedule);
    }
    assert_no_error();
}

static void refused(const struct entry *entry, const wg_option *option, double value)
{
    union options options = options_of(entry);
    put(&options, option, value);
    assert_null(entry->make(&options));
    assert_error(WG_E_ARGUMENT, option->name);
}

static void options_out_of_range_are_refused(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        const wg_option_table table = entries[k].table();
        for (size_t i = 0; i < table.n; i++) {
            const wg_option *option = &table.option[i];
            if (option->type != WG_OPTION_BOOL)
                refused(&entries[k], option, -7);
            if (option->type == WG_OPTION_REAL)
                refused(&entries[k], option, NAN), refused(&entries[k], option, INFINITY);
            if (option->type == WG_OPTION_CHOICE)
                refused(&entries[k], option, 99);
            if (is_required(option) && option->type != WG_OPTION_MILESTONES) {
                union options options = options_of(&entries[k]);
                put(&options, option, option->preset);
                assert_null(entries[k].make(&options));
                assert_error(WG_E_ARGUMENT, "which has no default");
            }
        }
    }
    assert_no_error();
}

/* ---- factors ---- */

static void factors_depend_on_the_step_alone(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        wg_lr *schedule = make(&entries[k]), *other = make(&entries[k]);
        double forwards[STEPS];
        for (int t = 0; t < STEPS; t++) {
            forwards[t] = wg_lr_at(schedule, t);
            assert_true(isfinite(forwards[t]) && forwards[t] >= 0);
        }
        for (int t = STEPS - 1; t >= 0; t--) {
            const double again[2] = {wg_lr_at(schedule, t), wg_lr_at(other, t)};
            assert_memory_equal(&again[0], &forwards[t], sizeof *again);
            assert_memory_equal(&again[1], &forwards[t], sizeof *again);
        }
        const double late = wg_lr_at(schedule, INT64_MAX);
        assert_true(isfinite(late) && late >= 0);
        assert_true(isnan(wg_lr_at(schedule, -1)));
        assert_error(WG_E_ARGUMENT, "lr_at: expected a step of at least 0, got -1");
        wg_lr_destroy(schedule), wg_lr_destroy(other);
    }
    assert_no_error();
}

/* ---- a run: a line through the origin, two groups with rates of their own ---- */

struct run {
    struct training training;
    wg_lr *schedule;
};

static struct run begin(const struct entry *entry)
{
    const float values[] = {1, -2, 0.5f};
    struct run run = {.schedule = make(entry)};
    for (int i = 0; i < 2; i++)
        run.training.p[i] = wg_set_requires_grad(wg_from(values, WG_SHAPE(3)), true);
    run.training.optim = wg_optim_sgd(((wg_tensor_list){1, &run.training.p[0], NULL}), .lr = 0.0625, .momentum = 0.5);
    assert_int_equal(wg_optim_add_group(run.training.optim, ((wg_tensor_list){1, &run.training.p[1], NULL}), .lr = 0.01), WG_OK);
    return run;
}

static void end(struct run *run)
{
    wg_optim_destroy(run->training.optim), wg_lr_destroy(run->schedule);
    wg_free(run->training.p[0]), wg_free(run->training.p[1]);
}

static wg_status step(void *context)
{
    struct run *run = context;
    WG_TAPE(tape);
    WG_TRY(wg_backward(wg_sum(wg_square(wg_mul(run->training.p[0], run->training.p[1])))));
    return wg_optim_step(run->training.optim);
}

static void go(struct run *run, int from, int to)
{
    for (int t = from; t < to; t++) {
        assert_int_equal(wg_lr_set(run->schedule, run->training.optim, t), WG_OK);
        assert_int_equal(step(run), WG_OK);
    }
}

static void rates_are_base_rates_times_the_factor(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        struct run run = begin(&entries[k]);
        for (int t = 0; t < STEPS; t++) {
            const double factor = wg_lr_at(run.schedule, t);
            assert_int_equal(wg_lr_set(run.schedule, run.training.optim, t), WG_OK);
            assert_close(wg_optim_lr(run.training.optim, 0), 0.0625 * factor, 0);
            assert_close(wg_optim_lr(run.training.optim, 1), 0.01 * factor, 0);
            assert_int_equal(wg_lr_set_group(run.schedule, run.training.optim, 1, t + 1), WG_OK);
            assert_close(wg_optim_lr(run.training.optim, 0), 0.0625 * factor, 0);
            assert_close(wg_optim_lr(run.training.optim, 1), 0.01 * wg_lr_at(run.schedule, t + 1), 0);
        }
        assert_close(wg_optim_base_lr(run.training.optim, 1), 0.01, 0);
        end(&run);
    }
    assert_no_error();
}

static void a_run_is_resumed_by_its_step(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        struct run whole = begin(&entries[k]), half = begin(&entries[k]), rest = begin(&entries[k]);
        go(&whole, 0, STEPS), go(&half, 0, 5);
        resume(&rest.training, &half.training);
        go(&rest, 5, STEPS);
        assert_same_training(&whole.training, &rest.training);
        end(&whole), end(&half), end(&rest);
    }
    assert_no_error();
}

static void a_replay_reads_the_rate(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        struct run eager = begin(&entries[k]), replayed = begin(&entries[k]);
        go(&eager, 0, STEPS);
        assert_int_equal(wg_lr_set(replayed.schedule, replayed.training.optim, 0), WG_OK);
        wg_replay *replay = wg_replay_capture(step, &replayed);
        assert_non_null(replay);
        for (int t = 1; t < STEPS; t++) {
            assert_int_equal(wg_lr_set(replayed.schedule, replayed.training.optim, t), WG_OK);
            assert_int_equal(wg_replay_run(replay), WG_OK);
        }
        wg_replay_destroy(replay);
        assert_same_training(&eager.training, &replayed.training);
        end(&eager), end(&replayed);
    }
    assert_no_error();
}

/* ---- the conditions of Robbins and Monro ---- */

static double of_schedule(int64_t step, void *context)
{
    return wg_lr_at(context, step);
}

static bool contradict(wg_lr_series a, wg_lr_series b)
{
    return a != b && a != WG_LR_SERIES_UNKNOWN && b != WG_LR_SERIES_UNKNOWN;
}

/* A schedule without a closed form is estimated; what a closed form says, sums do not contradict. Options that exclude each other
   are no schedule. */
static bool closed_form_holds(const struct entry *entry, const union options *options)
{
    wg_lr *schedule = entry->make(options);
    if (!schedule) {
        wg_error_take(NULL);
        return false;
    }
    wg_lr *hidden = wg_lr_closure(of_schedule, schedule, NULL);
    wg_lr_robbins_monro_result exact, sums;
    assert_int_equal(wg_lr_robbins_monro(schedule, &exact, .steps = 4096), WG_OK);
    assert_int_equal(wg_lr_robbins_monro(hidden, &sums, .steps = 4096), WG_OK);
    if (contradict(exact.sum, sums.sum) || contradict(exact.squares, sums.squares))
        fail_msg("%s: %s, but: %s", entry->name, exact.reason, sums.reason);
    wg_lr_destroy(hidden), wg_lr_destroy(schedule);
    return !exact.estimated;
}

static void closed_forms_hold_for_every_option(void **state)
{
    (void)state;
    static const double tried[] = {0, 0.5, 0.75, 1, 1.25, 2, 3};
    int exact = 0;
    for (size_t k = 0; k < ENTRIES; k++) {
        const wg_option_table table = entries[k].table();
        for (size_t i = 0; i < table.n; i++)
            for (size_t v = 0; v < sizeof tried / sizeof *tried; v++) {
                union options options = options_of(&entries[k]);
                put(&options, &table.option[i], tried[v]);
                exact += closed_form_holds(&entries[k], &options);
            }
    }
    assert_true(exact > 100);
    assert_no_error();
}

/* ---- memory ---- */

static void a_schedule_without_memory_is_none(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        const union options options = options_of(&entries[k]);
        wg_lr *schedule = NULL;
        int failures = -1;
        while (!schedule) {
            fail_at = ++failures;
            schedule = entries[k].make(&options);
            fail_at = -1;
            if (!schedule)
                assert_error(WG_E_MEMORY, entries[k].name);
        }
        assert_true(failures >= 2); /* itself and its options */
        wg_lr_destroy(schedule);
    }
    assert_no_error();
}

/* Setting rates asks for no memory, so that it cannot end half done. */
static void setting_rates_takes_no_memory(void **state)
{
    (void)state;
    for (size_t k = 0; k < ENTRIES; k++) {
        struct run run = begin(&entries[k]);
        go(&run, 0, 2);
        fail_at = 0;
        wg_memory_fail(0, true);
        assert_int_equal(wg_lr_set(run.schedule, run.training.optim, 2), WG_OK);
        wg_memory_fail(-1, false);
        fail_at = -1;
        end(&run);
    }
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(options_are_checked_and_printed),    TEST(options_out_of_range_are_refused),
        TEST(factors_depend_on_the_step_alone),   TEST(rates_are_base_rates_times_the_factor),
        TEST(a_run_is_resumed_by_its_step),       TEST(a_replay_reads_the_rate),
        TEST(a_schedule_without_memory_is_none),  TEST(setting_rates_takes_no_memory),
        TEST(closed_forms_hold_for_every_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

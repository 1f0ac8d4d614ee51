/* The training helper: the bits of a loop written by hand; what it reports, prints and writes; stopping; failures. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "failing_malloc.h"
#include "nn_check.h"

enum { ROWS = 20, BATCH = 8, PER_EPOCH = 3, MAX_REPORTS = 60 };
enum { NEVER, WITH_SHAPES, SILENTLY, AS_NAN }; /* how the loss fails */

struct world {
    wg_tensor *x, *y;
    wg_nn_module *net;
    wg_optim *optim;
    wg_batches *batches;
    wg_lr *schedule;
    wg_metric *accuracy, *held[2]; /* of training; of validation: loss, accuracy */
    int64_t calls, fail_at, epochs, stop_at;
    int how;
    bool training, recording; /* what validation saw */
    double loss[MAX_REPORTS], held_loss[MAX_REPORTS], held_accuracy[MAX_REPORTS];
    char names[200]; /* of the report's values */
};

static char csv[] = "/tmp/wengert-train-XXXXXX", checkpoint[100];

/* Two classes, on both sides of a line. */
static struct world world_make(void)
{
    float x[ROWS][2];
    int64_t y[ROWS];
    for (int i = 0; i < ROWS; i++) {
        x[i][0] = (float)sin(1.7 * i), x[i][1] = (float)cos(0.9 * i);
        y[i] = x[i][0] + 0.5f * x[i][1] > 0;
    }
    struct world w = {.x = wg_from(&x[0][0], WG_SHAPE(ROWS, 2)), .y = wg_from(y, WG_SHAPE(ROWS)), .fail_at = -1, .stop_at = -1};
    w.net = wg_nn_mlp(WG_SIZES(2, 8, 2), .batch_norm = true, .seed = 3);
    w.optim = w.net ? wg_optim_adam(wg_nn_parameters(w.net), .lr = 0.02) : NULL;
    w.batches = wg_batches_create(w.x, w.y, .size = BATCH, .seed = 5);
    w.schedule = wg_lr_cosine(.steps = 5 * PER_EPOCH);
    w.accuracy = wg_metric_accuracy();
    w.held[0] = wg_metric_mean();
    w.held[1] = wg_metric_accuracy();
    return w;
}

static void world_free(struct world *w)
{
    wg_optim_destroy(w->optim), wg_nn_destroy(w->net), wg_batches_destroy(w->batches), wg_lr_destroy(w->schedule);
    wg_metric_destroy(w->accuracy), wg_metric_destroy(w->held[0]), wg_metric_destroy(w->held[1]);
    wg_free(w->x), wg_free(w->y);
}

static wg_tensor *loss(wg_tensor *x, wg_tensor *y, void *context)
{
    struct world *w = context;
    const bool fails = w->calls++ == w->fail_at;
    if (fails && w->how == SILENTLY)
        return NULL;
    wg_tensor *logits = wg_nn_apply(w->net, fails && w->how == WITH_SHAPES ? wg_zeros(WG_F32, WG_SHAPE(8, 3)) : x);
    if (fails && w->how == AS_NAN)
        logits = wg_mul_scalar(logits, NAN);
    if (!logits || wg_metric_update(w->accuracy, logits, y) != WG_OK)
        return NULL;
    return wg_cross_entropy(logits, y);
}

static wg_status validate(void *context)
{
    struct world *w = context;
    WG_TAPE(tape);
    wg_tensor *logits = wg_nn_apply(w->net, w->x), *mean = wg_cross_entropy(logits, w->y);
    WG_TRY(wg_error_if_null(mean));
    w->training = wg_train_mode();
    w->recording = wg_grad_mode();
    WG_TRY(wg_metric_add(w->held[0], wg_item(mean), ROWS));
    return wg_metric_update(w->held[1], logits, w->y);
}

static wg_status epoch_end(wg_train_report *report, void *context)
{
    struct world *w = context;
    assert_int_equal(report->epoch, ++w->epochs);
    assert_int_equal(report->step, w->epochs * PER_EPOCH);
    w->names[0] = 0;
    for (size_t i = 0; i < report->n; i++) {
        const char *name = report->value[i].name;
        strcat(strcat(w->names, name), " ");
        double *to = strcmp(name, "loss") == 0                  ? w->loss
                     : strcmp(name, "validation_loss") == 0     ? w->held_loss
                     : strcmp(name, "validation_accuracy") == 0 ? w->held_accuracy
                                                                : NULL;
        if (to)
            to[w->epochs] = report->value[i].value;
    }
    report->stop = w->epochs == w->stop_at;
    return WG_OK;
}

#define TRAIN(w, ...) wg_train((w)->net, (w)->optim, (w)->batches, loss, (w), __VA_ARGS__)
#define VALIDATED(w) .validate = validate, .validation = WG_METRICS((w)->held[0], (w)->held[1])

static void assert_same_weights(const struct world *a, const struct world *b)
{
    const wg_tensor_list p = wg_nn_state(a->net), q = wg_nn_state(b->net);
    assert_int_equal(p.n, q.n);
    for (size_t i = 0; i < p.n; i++)
        assert_same_bits(p.tensor[i], q.tensor[i]);
}

/* ---- the loop ---- */

/* The loop as a program writes it; the mean losses of the epochs. */
static wg_status train_by_hand(struct world *w, int epochs, double clip, double *mean)
{
    for (int64_t epoch = 0, step = 0; epoch < epochs; epoch++) {
        double sum = 0;
        for (;; step++) {
            WG_TAPE(tape);
            wg_tensor *x, *y;
            WG_TRY(wg_batches_next(w->batches, &x, &y));
            if (!x)
                break;
            WG_TRY(wg_lr_set(w->schedule, w->optim, step));
            wg_tensor *value = wg_cross_entropy(wg_nn_apply(w->net, x), y);
            WG_TRY(wg_error_if_null(value));
            sum += wg_item(value) * (double)wg_extent(x, 0);
            WG_TRY(wg_backward(value));
            WG_TRY(wg_optim_clip_norm(wg_nn_parameters(w->net), clip, NULL));
            WG_TRY(wg_optim_step(w->optim));
        }
        mean[epoch + 1] = sum / ROWS;
    }
    return WG_OK;
}

static void the_bits_are_those_of_a_loop_by_hand(void **state)
{
    (void)state;
    struct world helped = world_make(), by_hand = world_make();
    wg_train_result result;
    double mean[6];
    assert_int_equal(train_by_hand(&by_hand, 5, 0.5, mean), WG_OK);
    assert_int_equal(TRAIN(&helped, .epochs = 5, .schedule = helped.schedule, .clip_norm = 0.5, .epoch_end = epoch_end,
                           .metrics = WG_METRICS(helped.accuracy), .result = &result),
                     WG_OK);
    assert_same_weights(&helped, &by_hand);
    for (int i = 1; i <= 5; i++)
        assert_true(helped.loss[i] == mean[i]);
    assert_int_equal(result.end, WG_TRAIN_END_EPOCHS);
    assert_true(result.epochs == 5 && result.steps == 15 && result.loss == mean[5]);
    assert_string_equal(helped.names, "lr loss accuracy ");
    assert_int_equal(wg_metric_rows(helped.accuracy), ROWS); /* of the last epoch */
    const wg_batches_state at = wg_batches_state_of(helped.batches);
    assert_true(at.epoch == 5 && at.position == 0);
    world_free(&helped), world_free(&by_hand);
    assert_no_error();
}

static void validation_is_evaluation_without_gradients(void **state)
{
    (void)state;
    struct world w = world_make(), plain = world_make();
    w.training = w.recording = true;
    assert_int_equal(TRAIN(&w, .epochs = 3, VALIDATED(&w), .epoch_end = epoch_end), WG_OK);
    assert_false(w.training);
    assert_false(w.recording);
    assert_true(wg_train_mode());
    assert_string_equal(w.names, "lr loss validation_loss validation_accuracy ");
    assert_int_equal(wg_metric_rows(w.held[1]), ROWS);
    assert_int_equal(TRAIN(&plain, .epochs = 3), WG_OK);
    assert_same_weights(&w, &plain); /* to look changes nothing */
    world_free(&w), world_free(&plain);
    assert_no_error();
}

static void the_log_has_a_row_an_epoch(void **state)
{
    (void)state;
    struct world w = world_make();
    assert_int_equal(TRAIN(&w, .epochs = 2, .csv = csv, VALIDATED(&w), .epoch_end = epoch_end), WG_OK);
    wg_tensor *rows = NULL;
    assert_int_equal(wg_dataset_read_csv(csv, &rows, NULL, .dtype = WG_F64, .skip_lines = 1), WG_OK);
    assert_true(wg_extent(rows, 0) == 2 && wg_extent(rows, 1) == 6);
    const double *row = wg_data(rows);
    for (int i = 1; i <= 2; i++, row += 6)
        assert_true(row[0] == i && row[1] == i * PER_EPOCH && row[2] == 0.02 && row[3] == w.loss[i] && row[5] > 0);
    wg_free(rows);
    world_free(&w);
    assert_no_error();
}

/* ---- the end ---- */

static void the_best_weights_come_back(void **state)
{
    (void)state;
    struct world w = world_make(), best = world_make();
    w.optim = (wg_optim_destroy(w.optim), wg_optim_sgd(wg_nn_parameters(w.net), .lr = 5)); /* far too large: it gets worse */
    best.optim = (wg_optim_destroy(best.optim), wg_optim_sgd(wg_nn_parameters(best.net), .lr = 5));
    wg_stopping *stopping = wg_stopping_create(.patience = 3, .stop_if_not_finite = false);
    assert_int_equal(wg_stopping_keep(stopping, wg_nn_state(w.net)), WG_OK);
    wg_train_result result;
    assert_int_equal(TRAIN(&w, .epochs = 50, VALIDATED(&w), .stopping = stopping, .restore_best = true, .epoch_end = epoch_end,
                           .result = &result),
                     WG_OK);
    assert_int_equal(result.end, WG_TRAIN_END_STOPPING);
    const wg_stopping_info info = wg_stopping_inspect(stopping);
    assert_int_equal(info.reason, WG_STOPPING_REASON_PATIENCE);
    const int64_t epoch = info.best_step / PER_EPOCH;
    assert_true(epoch >= 1 && epoch < 50 && result.epochs == epoch + 3 && result.steps == PER_EPOCH * result.epochs);
    for (int64_t i = 1; i <= result.epochs; i++)
        assert_true(!(w.held_loss[i] < info.best));
    assert_true(w.held_loss[epoch] == info.best);
    assert_int_equal(TRAIN(&best, .epochs = epoch), WG_OK); /* as many epochs, and no more */
    assert_same_weights(&w, &best);
    wg_stopping_destroy(stopping);
    world_free(&w), world_free(&best);
    assert_no_error();
}

static void a_watched_metric_decides(void **state)
{
    (void)state;
    struct world w = world_make();
    wg_stopping *stopping = wg_stopping_create(.patience = 2, .mode = WG_STOPPING_MODE_MAX);
    wg_train_result result;
    assert_int_equal(
        TRAIN(&w, .epochs = 50, VALIDATED(&w), .stopping = stopping, .watch = w.held[1], .epoch_end = epoch_end, .result = &result),
        WG_OK);
    const wg_stopping_info info = wg_stopping_inspect(stopping);
    assert_true(info.best == w.held_accuracy[info.best_step / PER_EPOCH] && info.told == result.epochs);
    assert_int_equal(result.end, WG_TRAIN_END_STOPPING); /* an accuracy of 1 does not rise */
    wg_stopping_destroy(stopping);
    world_free(&w);
    assert_no_error();
}

static void budgets_and_functions_end_a_run(void **state)
{
    (void)state;
    struct world w = world_make();
    wg_stopping *stopping = wg_stopping_create(.max_steps = 7);
    wg_train_result result;
    w.stop_at = 2;
    assert_int_equal(TRAIN(&w, .epochs = 9, .epoch_end = epoch_end, .result = &result), WG_OK);
    assert_true(result.end == WG_TRAIN_END_EPOCH_END && result.epochs == 2 && result.steps == 6);
    assert_int_equal(TRAIN(&w, .epochs = 9, .stopping = stopping, .result = &result), WG_OK);
    assert_true(result.end == WG_TRAIN_END_STOPPING && result.epochs == 2 && result.steps == 7);
    assert_int_equal(wg_batches_state_of(w.batches).position, BATCH); /* the last step's */
    wg_stopping_destroy(stopping);
    world_free(&w);
    assert_no_error();
}

/* ---- progress ---- */

/* What follows the last ';' of each line, times, is replaced by T; a bar's frames within an epoch, which depend on time, are left out. */
static void without_times(char *text)
{
    char *to = text;
    for (char *from = text; *from;) {
        const size_t n = strcspn(from + 1, "\r\n") + 1;
        const char *times = memchr(from, ';', n);
        const bool within = times == NULL && memmem(from, n, ", batch ", 8) != NULL;
        const size_t keep = within ? 0 : times ? (size_t)(times - from) + 1 : n;
        memmove(to, from, keep);
        to += keep;
        if (times)
            *to++ = 'T';
        from += n;
    }
    *to = 0;
}

static char *progress_of(struct world *w, int64_t epochs, wg_train_terminal terminal, wg_stopping *stopping)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_int_equal(TRAIN(w, .epochs = epochs, .progress = stream, .terminal = terminal, .stopping = stopping), WG_OK);
    fclose(stream);
    without_times(text);
    return text;
}

static void progress_is_lines(void **state)
{
    (void)state;
    struct world w = world_make(), twin = world_make();
    char *text = progress_of(&w, 2, WG_TRAIN_TERMINAL_ASK, NULL), wanted[300];
    assert_int_equal(TRAIN(&twin, .epochs = 2, .epoch_end = epoch_end), WG_OK);
    snprintf(wanted, sizeof wanted, "epoch 1/2: loss %.4g;T\nepoch 2/2: loss %.4g;T\n", twin.loss[1], twin.loss[2]);
    assert_string_equal(text, wanted);
    free(text);
    world_free(&w), world_free(&twin);
}

static void progress_of_long_runs_is_about_twenty_lines(void **state)
{
    (void)state;
    struct world w = world_make();
    char *text = progress_of(&w, 50, WG_TRAIN_TERMINAL_NO, NULL);
    int lines = 0;
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    assert_in_range(lines, 17, 22);
    assert_non_null(strstr(text, "epoch 1/50: "));
    assert_non_null(strstr(text, "\nepoch 50/50: "));
    free(text);
    wg_stopping *stopping = wg_stopping_create(.max_steps = 11 * PER_EPOCH);
    text = progress_of(&w, 50, WG_TRAIN_TERMINAL_NO, stopping); /* the last epoch and why it is the last, too */
    assert_non_null(strstr(text, "\nepoch 11/50: loss"));
    assert_non_null(strstr(text, "T\nstopped after 33 steps"));
    wg_stopping_destroy(stopping);
    free(text);
    world_free(&w);
}

static void progress_on_a_terminal_is_a_bar_in_one_line(void **state)
{
    (void)state;
    struct world w = world_make(), twin = world_make();
    char *text = progress_of(&w, 4, WG_TRAIN_TERMINAL_YES, NULL), wanted[600];
    assert_int_equal(TRAIN(&twin, .epochs = 4, .epoch_end = epoch_end), WG_OK);
    snprintf(wanted, sizeof wanted,
             "\r[#####               ] epoch 1/4: loss %.4g;T\r[##########          ] epoch 2/4: loss %.4g;T"
             "\r[###############     ] epoch 3/4: loss %.4g;T\r[####################] epoch 4/4: loss %.4g;T\n",
             twin.loss[1], twin.loss[2], twin.loss[3], twin.loss[4]);
    assert_string_equal(text, wanted);
    free(text);
    world_free(&w), world_free(&twin);
}

#ifdef WG_JANSSON /* which checkpoints take */
/* ---- going on ---- */

/* A network with everything that a checkpoint must hold: running statistics, dropout, an optimizer's moments, stopping's best weights. */
static struct world whole_world(uint64_t seed)
{
    struct world w = world_make();
    wg_optim_destroy(w.optim), wg_nn_destroy(w.net);
    w.net = wg_nn_sequential(wg_nn_mlp(WG_SIZES(2, 8), .seed = 3), wg_nn_batch_norm(8), wg_nn_dropout(.p = 0.3),
                             wg_nn_mlp(WG_SIZES(8, 2), .seed = 4));
    w.optim = wg_optim_adam(wg_nn_parameters(w.net), .lr = 0.02);
    assert_int_equal(wg_seed(seed, 0), WG_OK);
    return w;
}

static char *read_text(const char *path)
{
    char *text = calloc(1, 10000);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    text[fread(text, 1, 9999, file)] = 0;
    fclose(file);
    return text;
}

/* Trains five epochs at most, of which max_steps steps are allowed; *best gets what stopping found. */
static wg_train_result train_part(struct world *w, int64_t max_steps, wg_stopping_info *info)
{
    wg_train_result result;
    wg_stopping *stopping = wg_stopping_create(.max_steps = max_steps, .mode = WG_STOPPING_MODE_MIN);
    assert_int_equal(wg_stopping_keep(stopping, wg_nn_state(w->net)), WG_OK);
    if (TRAIN(w, .epochs = 5, .csv = csv, VALIDATED(w), .metrics = WG_METRICS(w->accuracy), .schedule = w->schedule,
              .stopping = stopping, .restore_best = true, .checkpoint = checkpoint, .resume = true, .result = &result) != WG_OK)
        fail_msg("%s", wg_error_first()->message);
    *info = wg_stopping_inspect(stopping);
    wg_stopping_destroy(stopping);
    return result;
}

/* Stopped behind any step and resumed by a new program, a run has the weights, the log and the end of one that was never stopped. */
static void a_resumed_run_is_the_same(void **state)
{
    (void)state;
    wg_stopping_info info, resumed_info;
    struct world straight = whole_world(9);
    unlink(checkpoint);
    const wg_train_result wanted = train_part(&straight, 1000, &info);
    char *log = read_text(csv);
    for (int64_t steps = 0; steps <= 5 * PER_EPOCH; steps++) {
        unlink(checkpoint);
        assert_int_equal(truncate(csv, 0), 0);
        struct world first = whole_world(9);
        (void)train_part(&first, steps, &resumed_info);
        world_free(&first);
        struct world second = whole_world(steps == 0 ? 9 : 77); /* where there is no checkpoint yet, it begins anew */
        const wg_train_result result = train_part(&second, 1000, &resumed_info);
        assert_same_weights(&second, &straight);
        char *resumed_log = read_text(csv);
        assert_string_equal(resumed_log, log);
        free(resumed_log);
        assert_true(result.end == wanted.end && result.epochs == wanted.epochs && result.steps == wanted.steps &&
                    result.loss == wanted.loss);
        assert_true(resumed_info.best == info.best && resumed_info.best_step == info.best_step && resumed_info.steps == info.steps);
        world_free(&second);
    }
    free(log);
    world_free(&straight);
    unlink(checkpoint);
    assert_no_error();
}

/* More epochs than before: those that were done are not done again. */
static void a_run_that_is_done_goes_on_with_more_epochs(void **state)
{
    (void)state;
    struct world w = world_make(), twin = world_make();
    for (int epochs = 2; epochs <= 4; epochs += 2)
        assert_int_equal(TRAIN(&w, .epochs = epochs, .checkpoint = checkpoint, .resume = true), WG_OK);
    assert_int_equal(w.calls, 4 * PER_EPOCH);
    assert_int_equal(TRAIN(&twin, .epochs = 4), WG_OK);
    assert_same_weights(&w, &twin);
    assert_int_equal(TRAIN(&w, .epochs = 4, .checkpoint = checkpoint, .resume = true), WG_OK); /* nothing is left to do */
    assert_int_equal(w.calls, 4 * PER_EPOCH);
    unlink(checkpoint);
    world_free(&w), world_free(&twin);
    assert_no_error();
}

static void a_checkpoint_of_another_run_is_refused(void **state)
{
    (void)state;
    struct world w = world_make(), other = whole_world(9);
    wg_tensor *scale = wg_scalar(WG_F64, 3);
    const char *name = "scale";
    const wg_tensor_list list = {1, &scale, &name};
    assert_int_equal(TRAIN(&w, .epochs = 1, .checkpoint = checkpoint, .state = WG_TRAIN_PARTS({"own", list})), WG_OK);
    assert_int_equal(wg_write(scale, (const double[]){5}), WG_OK);
    assert_int_equal(TRAIN(&w, .epochs = 1, .checkpoint = checkpoint, .resume = true), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "own.scale");
    assert_int_equal(TRAIN(&other, .epochs = 1, .checkpoint = checkpoint, .resume = true, .state = WG_TRAIN_PARTS({"own", list})),
                     WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "train: ");
    assert_true(wg_item(scale) == 5);
    assert_int_equal(TRAIN(&w, .epochs = 1, .checkpoint = checkpoint, .resume = true, .state = WG_TRAIN_PARTS({"own", list})),
                     WG_OK);
    assert_true(wg_item(scale) == 3);
    assert_int_equal(TRAIN(&w, .epochs = 1, .checkpoint = "/nosuch/run.safetensors"), WG_E_IO);
    assert_error(WG_E_IO, "/nosuch/run.safetensors");
    wg_free(scale);
    unlink(checkpoint);
    world_free(&w), world_free(&other);
}

#endif

/* ---- failures ---- */

static void a_step_that_fails_ends_the_run(void **state)
{
    (void)state;
    static const struct {
        int how;
        wg_status code;
        const char *message;
    } cases[] = {
        {WITH_SHAPES, WG_E_SHAPE, "train: epoch 3, step 8: nn_linear: expected x of shape (..., 2), got [8, 3] (in 0)"},
        {SILENTLY, WG_E_NULL, "train: epoch 3, step 8: "},
        {AS_NAN, WG_E_NUMERIC, "train: epoch 3, step 8: optim_clip_norm: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world w = world_make(), twin = world_make();
        wg_train_result result;
        w.fail_at = 7, w.how = cases[i].how;
        assert_int_equal(TRAIN(&w, .epochs = 9, .csv = csv, .clip_norm = 100, .epoch_end = epoch_end, .result = &result),
                         cases[i].code);
        assert_error(cases[i].code, cases[i].message);
        assert_true(result.end == WG_TRAIN_END_ERROR && result.epochs == 2 && result.steps == 7 && result.loss == w.loss[2]);
        assert_int_equal(wg_batches_state_of(w.batches).position, BATCH); /* the batch is not used up */
        wg_stopping *stopping = wg_stopping_create(.max_steps = 7);
        assert_int_equal(TRAIN(&twin, .epochs = 9, .clip_norm = 100, .stopping = stopping), WG_OK);
        assert_same_weights(&w, &twin);
        wg_stopping_destroy(stopping);
        wg_tensor *rows = NULL; /* the log has the whole epochs */
        assert_int_equal(wg_dataset_read_csv(csv, &rows, NULL, .dtype = WG_F64, .skip_lines = 1), WG_OK);
        assert_int_equal(wg_extent(rows, 0), 2);
        wg_free(rows);
        world_free(&w), world_free(&twin);
    }
    assert_no_error();
}

static wg_status fail_silently(void *context)
{
    (void)context;
    return WG_E_IO;
}

static void functions_of_the_program_may_fail(void **state)
{
    (void)state;
    struct world w = world_make();
    assert_int_equal(TRAIN(&w, .epochs = 2, .validate = fail_silently), WG_E_IO);
    assert_error(WG_E_IO, "train: epoch 1, step 4: a function of the program's failed and recorded no error");
    world_free(&w);
}

static void a_run_that_cannot_begin_says_why(void **state)
{
    (void)state;
    struct world w = world_make();
    assert_int_equal(TRAIN(&w, .epochs = 1, .csv = "/nosuch/a.csv"), WG_E_IO);
    assert_error(WG_E_IO, "train: train_log_csv: /nosuch/a.csv: opening: No such file or directory");
    wg_batches_state at = wg_batches_state_of(w.batches);
    at.position = 1;
    assert_int_equal(wg_batches_restore(w.batches, at), WG_OK);
    assert_int_equal(TRAIN(&w, .epochs = 1), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "train: expected batches at the beginning of an epoch, got 1 rows behind it");
    assert_int_equal(w.calls, 0);
    world_free(&w);
}

/* Wherever memory runs out, in the library's pool or in malloc: an error, no leak, and a log of whole rows. */
static bool train_where_memory_fails(struct world *w, int at, bool outside)
{
    wg_stopping *stopping = wg_stopping_create(.patience = 3);
    if (wg_stopping_keep(stopping, wg_nn_state(w->net)) != WG_OK)
        fail_msg("%s", wg_error_first()->message);
    const char *file = NULL;
#ifdef WG_JANSSON
    file = checkpoint;
#endif
    fail_at = outside ? at : -1;
    wg_memory_fail(outside ? -1 : at, false);
    const wg_status status = TRAIN(w, .epochs = 1, .csv = csv, VALIDATED(w), .metrics = WG_METRICS(w->accuracy),
                                   .stopping = stopping, .restore_best = true, .schedule = w->schedule, .checkpoint = file);
    const bool reached = outside ? fail_at < 0 : wg_memory_requests() > at;
    fail_at = -1;
    wg_memory_fail(-1, false);
    wg_stopping_destroy(stopping);
    if (status != WG_OK) {
        assert_true(reached);
        assert_error(WG_E_MEMORY, "train: ");
    }
    return status != WG_OK || reached;
}

static void wherever_memory_runs_out_there_is_an_error(void **state)
{
    (void)state;
    const char *header = "epoch,step,lr,loss,accuracy,validation_loss,validation_accuracy\n";
    int failures[2] = {0, 0};
    for (int outside = 0; outside < 2; outside++)
        for (int at = 0; at < 20000; at++) {
            struct world w = world_make();
            wg_memory_trim();
            assert_int_equal(truncate(csv, 0), 0);
            const bool again = train_where_memory_fails(&w, at, outside);
            world_free(&w);
            char text[400];
            FILE *file = fopen(csv, "rb");
            const size_t n = fread(text, 1, sizeof text - 1, file);
            fclose(file);
            text[n] = 0;
            assert_true(n == 0 || (strncmp(text, header, strlen(header)) == 0 && text[n - 1] == '\n'));
            if (!again)
                break;
            failures[outside]++;
        }
    print_message("%d and %d allocations failed\n", failures[0], failures[1]);
    assert_true(failures[0] > 100 && failures[1] >= 5);
    assert_no_error();
}

static int make_file(void **state)
{
    (void)state;
    const int descriptor = mkstemp(csv);
    snprintf(checkpoint, sizeof checkpoint, "%s.safetensors", csv);
    return descriptor < 0 ? -1 : close(descriptor);
}

static int remove_file(void **state)
{
    (void)state;
    unlink(checkpoint);
    return unlink(csv);
}

int main(void)
{
    if (wg_warmup(1) != WG_OK || wg_set_threads(1) != WG_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(the_bits_are_those_of_a_loop_by_hand),
        TEST(validation_is_evaluation_without_gradients),
        TEST(the_log_has_a_row_an_epoch),
        TEST(the_best_weights_come_back),
        TEST(a_watched_metric_decides),
        TEST(budgets_and_functions_end_a_run),
        TEST(progress_is_lines),
        TEST(progress_of_long_runs_is_about_twenty_lines),
        TEST(progress_on_a_terminal_is_a_bar_in_one_line),
#ifdef WG_JANSSON
        TEST(a_resumed_run_is_the_same),
        TEST(a_run_that_is_done_goes_on_with_more_epochs),
        TEST(a_checkpoint_of_another_run_is_refused),
#endif
        TEST(a_step_that_fails_ends_the_run),
        TEST(functions_of_the_program_may_fail),
        TEST(a_run_that_cannot_begin_says_why),
        TEST(wherever_memory_runs_out_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}

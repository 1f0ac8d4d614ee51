/* The training helper: the bits of a loop written by hand; what it reports, prints and writes; stopping; failures. */
#include "failing_malloc.h"
#include "train_world.h"

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

static void optimizers_that_read_the_loss_are_given_it(void **state)
{
    (void)state;
    struct world w = world_make();
    w.optim = (wg_optim_destroy(w.optim), wg_optim_momo(wg_nn_parameters(w.net), .lr = 0.1));
    assert_int_equal(TRAIN(&w, .epochs = 8, .epoch_end = epoch_end), WG_OK);
    assert_true(w.loss[8] < 0.8 * w.loss[1]);
    world_free(&w);
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
    assert_error(WG_E_IO, "train: epoch 1, after its last step: a function of the program's failed and recorded no error");
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

static wg_tensor *leave_a_tape_open(wg_tensor *x, wg_tensor *y, void *context)
{
    (void)context, (void)y;
    (void)wg_tape_open();
    return wg_sum(x);
}

static void what_stopping_is_told_must_fit_it(void **state)
{
    (void)state;
    struct world w = world_make();
    wg_stopping *low = wg_stopping_create(.patience = 3), *high = wg_stopping_create(.patience = 3, .mode = WG_STOPPING_MODE_MAX);
    assert_int_equal(TRAIN(&w, .epochs = 1, .metrics = WG_METRICS(w.accuracy), .stopping = low, .watch = w.accuracy),
                     WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "train: accuracy is better the higher it is: make .stopping with .mode = WG_STOPPING_MODE_MAX");
    assert_int_equal(TRAIN(&w, .epochs = 1, .stopping = high, .restore_best = true), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "train: expected .stopping to keep the network's state beside .restore_best");
    assert_int_equal(w.calls, 0);
    assert_int_equal(TRAIN(&w, .epochs = 1, .metrics = WG_METRICS(w.accuracy), .stopping = high, .watch = w.accuracy), WG_OK);
    wg_stopping_destroy(low), wg_stopping_destroy(high);
    world_free(&w);
    assert_no_error();
}

static void a_loss_that_leaves_a_tape_open_is_an_error(void **state)
{
    (void)state;
    struct world w = world_make();
    assert_int_equal(wg_train(w.net, w.optim, w.batches, leave_a_tape_open, NULL, .epochs = 1), WG_E_STATE);
    while (wg_tape_top())
        wg_tape_close(wg_tape_top());
    assert_error(WG_E_STATE, "the function of the loss left a tape open");
    world_free(&w);
}

/* Wherever memory runs out, in the library's pool or in malloc: an error, no leak, and a log of whole rows. */
enum { ONE_OF_POOL, ALL_OF_POOL, ONE_OF_MALLOC };

static bool train_where_memory_fails(struct world *w, int at, int how)
{
    wg_stopping *stopping = wg_stopping_create(.patience = 3);
    if (wg_stopping_keep(stopping, wg_nn_state(w->net)) != WG_OK)
        fail_msg("%s", wg_error_first()->message);
    const char *file = NULL;
#ifdef WITH_CHECKPOINTS
    file = checkpoint;
#endif
    fail_at = how == ONE_OF_MALLOC ? at : -1;
    wg_memory_fail(how == ONE_OF_MALLOC ? -1 : at, how == ALL_OF_POOL);
    const wg_status status = TRAIN(w, .epochs = 1, .csv = csv, VALIDATED(w), .metrics = WG_METRICS(w->accuracy),
                                   .stopping = stopping, .restore_best = true, .schedule = w->schedule, .checkpoint = file);
    const bool reached = how == ONE_OF_MALLOC ? fail_at < 0 : wg_memory_requests() > at;
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
    int failures[3] = {0, 0, 0};
    for (int how = ONE_OF_POOL; how <= ONE_OF_MALLOC; how++)
        for (int at = 0; at < 20000; at++) {
            struct world w = world_make();
            wg_memory_trim();
            unlink(csv);
            const bool again = train_where_memory_fails(&w, at, how);
            world_free(&w);
            char text[400];
            FILE *file = fopen(csv, "rb");
            const size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;
            if (file)
                fclose(file);
            text[n] = 0;
            assert_true(n == 0 || (strncmp(text, header, strlen(header)) == 0 && text[n - 1] == '\n'));
            if (!again)
                break;
            failures[how]++;
        }
    print_message("%d and %d allocations failed\n", failures[ONE_OF_POOL], failures[ONE_OF_MALLOC]);
    assert_true(failures[ONE_OF_POOL] > 100 && failures[ALL_OF_POOL] == failures[ONE_OF_POOL] && failures[ONE_OF_MALLOC] >= 5);
    assert_no_error();
}

int main(void)
{
    if (wg_warmup(1) != WG_OK || wg_set_threads(1) != WG_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(the_bits_are_those_of_a_loop_by_hand),
        TEST(optimizers_that_read_the_loss_are_given_it),
        TEST(validation_is_evaluation_without_gradients),
        TEST(the_log_has_a_row_an_epoch),
        TEST(the_best_weights_come_back),
        TEST(a_watched_metric_decides),
        TEST(budgets_and_functions_end_a_run),
        TEST(progress_is_lines),
        TEST(progress_of_long_runs_is_about_twenty_lines),
        TEST(progress_on_a_terminal_is_a_bar_in_one_line),
        TEST(a_step_that_fails_ends_the_run),
        TEST(functions_of_the_program_may_fail),
        TEST(a_run_that_cannot_begin_says_why),
        TEST(what_stopping_is_told_must_fit_it),
        TEST(a_loss_that_leaves_a_tape_open_is_an_error),
        TEST(wherever_memory_runs_out_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

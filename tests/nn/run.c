/* Runs: what is saved comes back, a checkpoint that was damaged or does not fit is refused and changes nothing, and signals are noted. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nn_check.h"

/* ---- a folder of the test's own ---- */

static char folder[] = "/tmp/wengert-run-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[4][200];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    const char *const left[] = {"a", "a.prev", "bad", "bad.prev", "model", "twice", "twice.prev"};
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        (void)unlink(in_folder(left[i]));
    return rmdir(folder); /* which finds what was left beside them */
}

/* ---- a run with every kind of part ---- */

struct world {
    wg_nn_module *net;
    wg_optim *opt;
    wg_tensor *x, *y;
    wg_batches *batches;
    int64_t step;
    wg_run *run;
};

static struct world world_new(uint64_t seed)
{
    assert_int_equal(wg_seed(seed, 0), WG_OK); /* of the initial weights */
    struct world w = {.net = wg_nn_sequential(wg_nn_linear(3, 5), wg_nn_batch_norm(5), wg_nn_relu(), wg_nn_dropout(.p = 0.5),
                                              wg_nn_linear(5, 2))};
    w.opt = wg_optim_adam(wg_nn_parameters(w.net), .lr = 0.1);
    w.x = wg_zeros(WG_F32, WG_SHAPE(11, 3)), w.y = wg_zeros(WG_I64, WG_SHAPE(11));
    for (int i = 0; i < 33; i++)
        ((float *)wg_data_mut(w.x))[i] = (float)(i * 7 % 13) - 6;
    for (int i = 0; i < 11; i++)
        ((int64_t *)wg_data_mut(w.y))[i] = i % 2;
    w.batches = wg_batches_create(w.x, w.y, .size = 4, .seed = seed);
    w.run = wg_run_create();
    return w;
}

/* Adds the parts, behind which the structure does not move. */
static void add_parts(struct world *w)
{
    assert_int_equal(wg_run_add(w->run, "model", wg_nn_state(w->net)), WG_OK);
    assert_int_equal(wg_run_add(w->run, "optim", wg_optim_state(w->opt)), WG_OK);
    assert_int_equal(wg_run_add_batches(w->run, "data", w->batches), WG_OK);
    assert_int_equal(wg_run_add_count(w->run, "step", &w->step), WG_OK);
}

static void world_end(struct world *w)
{
    wg_run_destroy(w->run);
    wg_batches_destroy(w->batches), wg_optim_destroy(w->opt), wg_nn_destroy(w->net);
    wg_free(w->x), wg_free(w->y);
}

static void step(struct world *w)
{
    wg_tensor *x, *y;
    WG_TAPE(tape);
    assert_int_equal(wg_batches_next(w->batches, &x, &y), WG_OK);
    if (!x)
        assert_int_equal(wg_batches_next(w->batches, &x, &y), WG_OK);
    assert_int_equal(wg_backward(wg_cross_entropy(wg_nn_apply(w->net, x), y)), WG_OK);
    assert_int_equal(wg_optim_step(w->opt), WG_OK);
    w->step++;
}

/* All that a run changes, as bytes. */
struct bytes {
    char at[4096];
    size_t n;
};

static struct bytes snapshot(const struct world *w)
{
    struct bytes b = {.n = 0};
    const wg_tensor_list lists[] = {wg_nn_state(w->net), wg_optim_state(w->opt)};
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < lists[k].n; i++) {
            const size_t size = (size_t)wg_numel(lists[k].tensor[i]) * wg_dtype_size(wg_dtype_of(lists[k].tensor[i]));
            assert_true(b.n + size + 100 < sizeof b.at);
            memcpy(b.at + b.n, wg_data(lists[k].tensor[i]), size);
            b.n += size;
        }
    const wg_batches_state state = wg_batches_state_of(w->batches);
    memcpy(b.at + b.n, &state, sizeof state), b.n += sizeof state;
    memcpy(b.at + b.n, wg_data(wg_generator_default()), 32), b.n += 32;
    memcpy(b.at + b.n, &w->step, sizeof w->step), b.n += sizeof w->step;
    return b;
}

static void assert_same(struct bytes a, struct bytes b)
{
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.at, b.at, a.n);
}

static void every_part_comes_back(void **state)
{
    (void)state;
    struct world a = world_new(1), b = world_new(2);
    add_parts(&a), add_parts(&b);
    assert_int_equal(wg_seed(5, 0), WG_OK);
    for (int i = 0; i < 4; i++)
        step(&a);
    const struct bytes middle = snapshot(&a);
    assert_int_equal(wg_run_save(a.run, in_folder("a")), WG_OK);
    for (int i = 0; i < 4; i++)
        step(&a);
    const struct bytes end = snapshot(&a);
    assert_int_equal(wg_seed(6, 0), WG_OK);
    step(&b);
    assert_int_equal(wg_run_load(b.run, in_folder("a")), WG_OK);
    assert_same(snapshot(&b), middle);
    for (int i = 0; i < 4; i++)
        step(&b);
    assert_same(snapshot(&b), end);
    world_end(&a), world_end(&b);
    assert_no_error();
}

static void the_previous_file_is_kept(void **state)
{
    (void)state;
    struct world a = world_new(1);
    add_parts(&a);
    (void)unlink(in_folder("a")), (void)unlink(in_folder("a.prev"));
    assert_int_equal(wg_run_load(a.run, in_folder("a"), .optional = true), WG_OK);
    assert_int_equal(wg_run_load(a.run, in_folder("a")), WG_E_IO);
    assert_error(WG_E_IO, "No such file");
    assert_int_equal(wg_run_load(a.run, in_folder("a"), .optional = true, .previous = true), WG_OK);
    struct bytes saved[3];
    for (int i = 0; i < 3; i++) {
        step(&a);
        saved[i] = snapshot(&a);
        assert_int_equal(wg_run_save(a.run, in_folder("a")), WG_OK);
        if (i == 0)
            assert_int_not_equal(access(in_folder("a.prev"), F_OK), 0);
    }
    assert_int_equal(wg_run_load(a.run, in_folder("a"), .previous = true), WG_OK);
    assert_same(snapshot(&a), saved[1]);
    assert_int_equal(wg_run_load(a.run, in_folder("a")), WG_OK);
    assert_same(snapshot(&a), saved[2]);
    assert_int_equal(wg_run_save(a.run, in_folder("a"), .keep_previous = false), WG_OK);
    assert_int_equal(wg_run_load(a.run, in_folder("a"), .previous = true), WG_OK);
    assert_same(snapshot(&a), saved[1]);
    world_end(&a);
    assert_no_error();
}

/* Adds two parts, saves them with different values, and reads them where both are one thing. */
struct twice {
    int64_t count[2];
    wg_batches *batches[2];
    wg_tensor *tensor[2];
};

enum twice_kind { COUNTS, POSITIONS, TENSORS };

static wg_run *run_of(enum twice_kind kind, struct twice *w, bool one)
{
    static const char *const part[] = {"first", "second"};
    wg_run *run = wg_run_create(.generator = false);
    for (int i = 0; i < 2; i++) {
        const int k = one ? 0 : i;
        const wg_status status = kind == COUNTS      ? wg_run_add_count(run, part[i], &w->count[k])
                                 : kind == POSITIONS ? wg_run_add_batches(run, part[i], w->batches[k])
                                                     : wg_run_add_tensor(run, part[i], w->tensor[i]);
        assert_int_equal(status, WG_OK);
    }
    return run;
}

static void expect_refused(enum twice_kind kind, struct twice *w, struct twice *other, const char *text)
{
    wg_run *two = run_of(kind, w, false), *one = run_of(kind, other, true);
    assert_int_equal(wg_run_save(two, in_folder("twice")), WG_OK);
    assert_int_equal(wg_run_load(one, in_folder("twice")), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, text);
    wg_run_destroy(two);
    assert_int_equal(wg_run_save(one, in_folder("twice")), WG_OK); /* equal values are taken */
    assert_int_equal(wg_run_load(one, in_folder("twice")), WG_OK);
    wg_run_destroy(one);
}

static void what_is_twice_in_a_run_has_one_value(void **state)
{
    (void)state;
    wg_tensor *x = wg_zeros(WG_F32, WG_SHAPE(6, 2)), *rows;
    struct twice w = {{1, 2},
                      {wg_batches_create(x, WG_NONE, .size = 2, .seed = 1), wg_batches_create(x, WG_NONE, .size = 2, .seed = 1)},
                      {wg_ones(WG_I64, WG_SHAPE(4)), wg_zeros(WG_I64, WG_SHAPE(4))}};
    struct twice other = {{7, 7}, {wg_batches_create(x, WG_NONE, .size = 2, .seed = 9)}, {NULL}};
    wg_tensor *base = wg_full(WG_I64, WG_SHAPE(8), 5);
    other.tensor[0] = wg_slice(base, 0, 0, 4, 1), other.tensor[1] = wg_slice(base, 0, 3, 7, 1);
    assert_int_equal(wg_batches_next(w.batches[1], &rows, NULL), WG_OK);
    expect_refused(COUNTS, &w, &other, "first and second are one number here, and differ in the file");
    assert_int_equal(other.count[0], 7);
    expect_refused(POSITIONS, &w, &other, "first and second are one iterator here, and differ in the file");
    assert_int_equal(wg_batches_state_of(other.batches[0]).seed, 9);
    expect_refused(TENSORS, &w, &other, "first and second share memory here, and differ in the file");
    for (int i = 0; i < 8; i++)
        assert_int_equal(((const int64_t *)wg_data(base))[i], 5);
    /* Views of one layout; views that interleave and share no element, which are loaded; and those that share one. */
    const wg_tensor_list two = {2, w.tensor, (const char *const[]){"first", "second"}};
    assert_int_equal(wg_save(in_folder("twice"), two), WG_OK);
    const int64_t step[3] = {1, 2, 2}, first[3] = {0, 1, 0};
    for (int i = 0; i < 3; i++) {
        wg_tensor *view[2] = {wg_slice(base, 0, 0, i ? 8 : 4, step[i]), wg_slice(base, 0, first[i], i ? 8 : 4, step[i])};
        const wg_status status = wg_load(in_folder("twice"), ((wg_tensor_list){2, view, two.name}));
        assert_int_equal(status, i == 1 ? WG_OK : WG_E_ARGUMENT);
        (void)wg_error_take(NULL);
        for (int k = 0; k < 8; k++)
            assert_int_equal(((const int64_t *)wg_data(base))[k], i == 0 ? 5 : 1 - k % 2);
        wg_free(view[0]), wg_free(view[1]);
    }
    wg_batches_destroy(w.batches[0]), wg_batches_destroy(w.batches[1]), wg_batches_destroy(other.batches[0]);
    wg_free(x), wg_free(rows), wg_free(base), wg_free(w.tensor[0]), wg_free(w.tensor[1]);
    wg_free(other.tensor[0]), wg_free(other.tensor[1]);
    assert_no_error();
}

static int files_in_folder(void)
{
    DIR *stream = opendir(folder);
    int n = 0;
    assert_non_null(stream);
    while (readdir(stream))
        n++;
    closedir(stream);
    return n;
}

static void a_path_is_checked_before_anything_is_saved(void **state)
{
    (void)state;
    struct world a = world_new(1);
    add_parts(&a);
    (void)unlink(in_folder("new"));
    const int before = files_in_folder();
    assert_int_equal(wg_run_check_path(a.run, in_folder("new")), WG_OK);
    assert_int_equal(files_in_folder(), before); /* nothing is left there */
    assert_int_equal(wg_run_check_path(a.run, in_folder("none/new")), WG_E_IO);
    assert_error(WG_E_IO, "none/new: opening its directory: No such file or directory");
    assert_int_equal(symlink("elsewhere", in_folder("link")), 0);
    assert_int_equal(wg_run_check_path(a.run, in_folder("link")), WG_E_IO);
    assert_error(WG_E_IO, "expected a regular file to replace, got a symbolic link");
    assert_int_equal(unlink(in_folder("link")), 0);
    world_end(&a);
    assert_no_error();
}

/* ---- damage ---- */

static char *read_file(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *bytes = malloc(1 << 16);
    *n = fread(bytes, 1, 1 << 16, file);
    assert_true(*n < 1 << 16);
    fclose(file);
    return bytes;
}

static void write_file(const char *path, const char *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_true(file && fwrite(bytes, 1, n, file) == n && fclose(file) == 0);
}

/* One bit of each byte is turned over. Only texts that are for people, the version, may differ without an error. */
static void damage_is_found(void **state)
{
    (void)state;
    struct world a = world_new(1);
    size_t n, unseen = 0;
    add_parts(&a);
    assert_int_equal(wg_run_save(a.run, in_folder("a")), WG_OK);
    step(&a);
    const struct bytes before = snapshot(&a);
    char *bytes = read_file(in_folder("a"), &n);
    for (size_t i = 0; i < n; i++) {
        bytes[i] ^= 1;
        write_file(in_folder("bad"), bytes, n);
        bytes[i] ^= 1;
        if (wg_run_load(a.run, in_folder("bad")) == WG_OK) {
            unseen++;
            assert_int_equal(wg_run_load(a.run, in_folder("a")), WG_OK);
            step(&a); /* to where it was */
        }
        (void)wg_error_take(NULL);
        assert_same(snapshot(&a), before);
    }
    assert_true(unseen <= strlen("version\":\"") + strlen(wg_version()));
    for (size_t size = 0; size < n; size += 7) {
        write_file(in_folder("bad"), bytes, size);
        assert_int_equal(wg_run_load(a.run, in_folder("bad")), WG_E_IO);
        (void)wg_error_take(NULL);
    }
    bytes[n - 1] ^= 16;
    write_file(in_folder("bad"), bytes, n);
    assert_int_equal(wg_run_load(a.run, in_folder("bad")), WG_E_IO);
    assert_error(WG_E_IO, "it was damaged");
    (void)unlink(in_folder("bad.prev"));
    assert_int_equal(wg_run_load(a.run, in_folder("bad")), WG_E_IO);
    assert_null(strstr(wg_error_first()->message, ".previous")); /* there is none */
    (void)wg_error_take(NULL);
    write_file(in_folder("bad.prev"), bytes, n);
    assert_int_equal(wg_run_load(a.run, in_folder("bad")), WG_E_IO);
    assert_error(WG_E_IO, "bad.prev is the one before it: .previous = true reads that)");
    assert_int_equal(wg_run_load(a.run, in_folder("bad"), .previous = true), WG_E_IO);
    assert_null(strstr(wg_error_first()->message, ".previous")); /* it is that */
    (void)wg_error_take(NULL);
    assert_same(snapshot(&a), before);
    free(bytes);
    world_end(&a);
    assert_no_error();
}

/* Saves the world's parts with texts of its own, by wg_save. */
static void save_as(const struct world *w, const char *format, const char *kernels)
{
    wg_tensor *t[] = {wg_nn_state(w->net).tensor[0]};
    const char *name[] = {"model.x"};
    assert_int_equal(
        wg_save(in_folder("bad"), ((wg_tensor_list){1, t, name}), .texts = WG_TEXTS("format", format, "kernels", kernels)), WG_OK);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct world a = world_new(1), b = world_new(2);
    add_parts(&a);
    assert_int_equal(wg_run_save(a.run, in_folder("a")), WG_OK);
    const struct bytes before = snapshot(&b);
    assert_int_equal(wg_run_add(b.run, "model", wg_nn_state(b.net)), WG_OK);
    assert_int_equal(wg_run_load(b.run, in_folder("a")), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "not expected: optim.");
    assert_int_equal(wg_run_add(b.run, "model", wg_nn_state(b.net)), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "run_add: there is a part model already");
    assert_int_equal(wg_run_add_tensor(b.run, "generator", wg_generator_default()), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "there is a part generator already");
    assert_int_equal(wg_save(in_folder("model"), wg_nn_state(a.net)), WG_OK);
    assert_int_equal(wg_run_load(b.run, in_folder("model")), WG_E_IO);
    assert_error(WG_E_IO, "expected a checkpoint, got a model file");
    save_as(&a, "wengert checkpoint 2", wg_kernel_family());
    assert_int_equal(wg_run_load(b.run, in_folder("bad")), WG_E_IO);
    assert_error(WG_E_IO, "expected the format \"wengert checkpoint 1\", got \"wengert checkpoint 2\"");
    save_as(&a, "wengert checkpoint 1", "abacus");
    assert_int_equal(wg_run_load(b.run, in_folder("bad")), WG_E_STATE);
    assert_error(WG_E_STATE, "saved with abacus kernels, here they are ");
    assert_int_equal(wg_run_load(b.run, in_folder("bad"), .any_kernels = true), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "not expected: model.x");
    assert_int_equal(wg_run_save(a.run, in_folder("bad"), .texts = WG_TEXTS("hash", "0")), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "two texts have the key \"hash\"");
    assert_same(snapshot(&b), before);
    world_end(&a), world_end(&b);
    assert_no_error();
}

/* A position that the data of now do not have: the positions, checked first, are what is put back. */
static void a_position_behind_the_data_is_refused(void **state)
{
    (void)state;
    struct world a = world_new(1), b = world_new(2);
    add_parts(&a);
    wg_tensor *few = wg_zeros(WG_F32, WG_SHAPE(3, 3));
    wg_batches *other = wg_batches_create(few, WG_NONE, .size = 2, .seed = 3),
               *same = wg_batches_create(few, WG_NONE, .size = 2, .seed = 4);
    step(&a);
    assert_int_equal(wg_run_add_batches(a.run, "more", a.batches), WG_OK);
    assert_int_equal(wg_run_save(a.run, in_folder("a")), WG_OK);
    assert_int_equal(wg_run_add(b.run, "model", wg_nn_state(b.net)), WG_OK);
    assert_int_equal(wg_run_add(b.run, "optim", wg_optim_state(b.opt)), WG_OK);
    assert_int_equal(wg_run_add_count(b.run, "step", &b.step), WG_OK);
    assert_int_equal(wg_run_add_batches(b.run, "data", b.batches), WG_OK);
    assert_int_equal(wg_run_add_batches(b.run, "more", other), WG_OK);
    const struct bytes before = snapshot(&b);
    assert_int_equal(wg_run_load(b.run, in_folder("a")), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "batches_restore: epoch 0, position 4 of 3 rows");
    assert_same(snapshot(&b), before);
    assert_int_equal(wg_batches_state_of(other).position, 0);
    assert_int_equal(wg_batches_state_of(other).seed, 3);
    wg_batches_destroy(other), wg_batches_destroy(same);
    world_end(&a), world_end(&b);
    wg_free(few);
    assert_no_error();
}

static void what_was_freed_is_named(void **state)
{
    (void)state;
    struct world a = world_new(1);
    wg_tensor *t = wg_ones(WG_F64, WG_SCALAR);
    assert_int_equal(wg_run_add_tensor(a.run, "temperature", t), WG_OK);
    assert_int_equal(wg_run_save(a.run, in_folder("a")), WG_OK);
    wg_free(t);
    assert_int_equal(wg_run_save(a.run, in_folder("a")), WG_E_DANGLING);
    assert_error(WG_E_DANGLING, "run_save: the tensor of temperature was freed");
    assert_int_equal(wg_run_load(a.run, in_folder("a")), WG_E_DANGLING);
    assert_error(WG_E_DANGLING, "run_load: the tensor of temperature was freed");
    {
        WG_TAPE(tape);
        assert_int_equal(wg_run_add_tensor(a.run, "loss", wg_zeros(WG_F32, WG_SCALAR)), WG_E_ARGUMENT);
        assert_error(WG_E_ARGUMENT, "loss belongs to a tape");
    }
    world_end(&a);
    assert_no_error();
}

static void what_cannot_be_written_is_found_before_anything_changes(void **state)
{
    (void)state;
    wg_tensor *a = wg_ones(WG_F32, WG_SHAPE(3)), *b = wg_ones(WG_F32, WG_SHAPE(1)), *wide = wg_expand(b, WG_SHAPE(4));
    wg_tensor *t[] = {a, wide};
    const char *name[] = {"a", "wide"};
    const wg_tensor_list list = {2, t, name};
    assert_int_equal(wg_save(in_folder("model"), list), WG_OK);
    ((float *)wg_data_mut(a))[0] = 7;
    assert_int_equal(wg_load(in_folder("model"), list), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "load: ");
    assert_true(wg_data_as(a, float)[0] == 7);
    wg_run *run = wg_run_create();
    assert_int_equal(wg_run_add(run, "nothing", (wg_tensor_list){0, NULL, NULL}), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "the list of nothing is empty");
    wg_run_destroy(run);
    wg_free(wide), wg_free(a), wg_free(b);
    assert_no_error();
}

/* A device or a link is no file that a save may replace; what is replaced keeps its permissions; a pipe is not waited for. */
static void only_files_are_replaced(void **state)
{
    (void)state;
    struct stat about;
    wg_tensor *t = wg_ones(WG_F32, WG_SHAPE(3));
    const char *name = "t";
    const wg_tensor_list list = {1, &t, &name};
    assert_int_equal(wg_save(in_folder("model"), list), WG_OK);
    assert_int_equal(chmod(in_folder("model"), 0600), 0);
    assert_int_equal(wg_save(in_folder("model"), list), WG_OK);
    assert_int_equal(stat(in_folder("model"), &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    (void)unlink(in_folder("bad"));
    assert_int_equal(symlink("model", in_folder("bad")), 0);
    assert_int_equal(wg_save(in_folder("bad"), list), WG_E_IO);
    assert_error(WG_E_IO, "expected a regular file to replace, got a symbolic link");
    assert_int_equal(wg_load(in_folder("bad"), list), WG_OK);
    assert_int_equal(unlink(in_folder("bad")), 0);
    assert_int_equal(mkfifo(in_folder("bad"), 0600), 0);
    assert_int_equal(wg_save(in_folder("bad"), list), WG_E_IO);
    assert_error(WG_E_IO, "got a device or the like");
    assert_int_equal(wg_load(in_folder("bad"), list), WG_E_IO);
    assert_error(WG_E_IO, "expected a regular file");
    wg_free(t);
    assert_no_error();
}

static void other_batches_are_refused(void **state)
{
    (void)state;
    struct world a = world_new(1), b = world_new(2);
    add_parts(&a);
    step(&a);
    assert_int_equal(wg_run_save(a.run, in_folder("a")), WG_OK);
    wg_batches_destroy(b.batches);
    b.batches = wg_batches_create(b.x, b.y, .size = 2, .seed = 2);
    add_parts(&b);
    const struct bytes before = snapshot(&b);
    assert_int_equal(wg_run_load(b.run, in_folder("a")), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "data had 3 batches an epoch, here it has 6");
    assert_same(snapshot(&b), before);
    world_end(&a), world_end(&b);
    assert_no_error();
}

static void signals_are_noted(void **state)
{
    (void)state;
    const int kinds[] = {SIGINT, SIGTERM};
    for (int k = 0; k < 2; k++) {
        assert_int_equal(wg_interrupt_catch(), WG_OK);
        assert_int_equal(wg_interrupt_pending(), 0);
        assert_int_equal(raise(kinds[k]), 0);
        assert_int_equal(wg_interrupt_pending(), kinds[k]);
        struct sigaction now;
        assert_int_equal(sigaction(kinds[k], NULL, &now), 0);
        assert_true(now.sa_handler == SIG_DFL); /* a second one ends the process */
        assert_int_equal(sigaction(SIGXFSZ, NULL, &now), 0);
        assert_true(now.sa_handler == SIG_IGN);
        wg_interrupt_release();
        assert_int_equal(wg_interrupt_pending(), 0);
        assert_int_equal(sigaction(SIGXFSZ, NULL, &now), 0);
        assert_true(now.sa_handler == SIG_DFL);
    }
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_part_comes_back),
        TEST(the_previous_file_is_kept),
        TEST(what_is_twice_in_a_run_has_one_value),
        TEST(a_path_is_checked_before_anything_is_saved),
        TEST(damage_is_found),
        TEST(what_does_not_fit_is_refused),
        TEST(a_position_behind_the_data_is_refused),
        TEST(what_was_freed_is_named),
        TEST(signals_are_noted),
        TEST(what_cannot_be_written_is_found_before_anything_changes),
        TEST(only_files_are_replaced),
        TEST(other_batches_are_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

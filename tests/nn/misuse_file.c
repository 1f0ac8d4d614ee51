/* Misuse of model files. */
#include "misuse.h"

static void misuse_saving(void)
{
    const char *name = "x", *null = NULL;
    const wg_tensor_list good = {1, &fx.x, &name}, no_tensors = {1, NULL, &name}, no_names = {1, &fx.x, NULL},
                         no_name = {1, &fx.x, &null};
    const wg_tensor_list wrong[] = {no_tensors, no_names, no_name};
    assert_fails(wg_save(NULL, good), WG_E_NULL, "save: the path is NULL");
    assert_fails(wg_load(NULL, good), WG_E_NULL, "load: the path is NULL");
    assert_fails(wg_save("/dev/null/x", good, .texts = WG_TEXTS("a", NULL)), WG_E_NULL, "save: string 1 of the texts is NULL");
    for (int i = 0; i < 3; i++) {
        assert_fails(wg_save("/dev/null/x", wrong[i]), WG_E_NULL, "save: tensor 0 or its name is NULL");
        assert_fails(wg_load("/dev/null/x", wrong[i]), WG_E_NULL, "load: tensor 0 or its name is NULL");
    }
    assert_fails(wg_save("/dev/null/x", good), WG_E_IO, "save: /dev/null/x: opening its directory: Not a directory");
    assert_fails(wg_load("/dev/null", good), WG_E_IO, "load: /dev/null: expected a regular file");
    FOR_EACH_BAD(IS_NULL, {
        const wg_tensor_list list = {1, &bad, &name};
        assert_fails(wg_save("/dev/null/x", list), code, ": ");
        assert_fails(wg_load("/dev/null/x", list), code, ": ");
    });
}

static void misuse_reading(void)
{
    assert_null_and_error(wg_file_read(NULL), WG_E_NULL, "file_read: the path is NULL");
    assert_null_and_error(wg_file_parse(NULL, 1, "x"), WG_E_NULL, "file_parse: the bytes are NULL");
    assert_null_and_error(wg_file_parse("", 0, NULL), WG_E_NULL, "file_parse: the name is NULL");
    assert_null_and_error(wg_file_parse(NULL, 0, "x"), WG_E_IO, "file_parse: x: 0 bytes are no model file");
    assert_null_and_error(wg_file_tensor(NULL, "x"), WG_E_NULL, "file_tensor: the file is NULL");
    assert_null_and_error(wg_file_text_of(NULL, "x"), WG_E_NULL, "file_text_of: the file is NULL");
    assert_int_equal(wg_file_tensors(NULL).n, 0);
    expect_error(WG_E_NULL, "file_tensors: the file is NULL");
    wg_file_destroy(NULL);
}

static void misuse_runs(void)
{
    int64_t count = 0;
    wg_tensor *t = made(wg_zeros(WG_F32, WG_SHAPE(2))), *x = made(wg_zeros(WG_F32, WG_SHAPE(3, 2))), *nothing[] = {NULL};
    const char *unnamed[] = {NULL}, *empty[] = {""};
    wg_batches *batches = wg_batches_create(x, WG_NONE, .seed = 1);
    wg_run *run = wg_run_create(.generator = false);
    assert_non_null(batches), assert_non_null(run);
    const wg_tensor_list good = {1, &t, NULL};
    assert_fails(wg_run_add(NULL, "a", good), WG_E_NULL, "run_add: the run is NULL");
    assert_fails(wg_run_add(run, NULL, good), WG_E_NULL, "run_add: the name of the part is NULL");
    assert_fails(wg_run_add(run, "", good), WG_E_ARGUMENT, "run_add: the name of the part is empty");
    assert_fails(wg_run_add(run, "a", (wg_tensor_list){1, NULL, NULL}), WG_E_NULL, "run_add: the list of tensors is NULL");
    assert_fails(wg_run_add(run, "a", (wg_tensor_list){1, nothing, NULL}), WG_E_NULL, "run_add: the tensor of a.0 is NULL");
    assert_fails(wg_run_add(run, "a", (wg_tensor_list){1, &t, unnamed}), WG_E_NULL, "run_add: the name of tensor 0 of a is NULL");
    assert_fails(wg_run_add(run, "a", (wg_tensor_list){1, &t, empty}), WG_E_ARGUMENT,
                 "run_add: the name of tensor 0 of a is empty");
    assert_fails(wg_run_add_tensor(run, "a", NULL), WG_E_NULL, "run_add_tensor: the tensor is NULL");
    assert_fails(wg_run_add_tensor(NULL, "a", t), WG_E_NULL, "run_add_tensor: the run is NULL");
    assert_fails(wg_run_add_batches(run, "a", NULL), WG_E_NULL, "run_add_batches: the iterator is NULL");
    assert_fails(wg_run_add_batches(run, NULL, batches), WG_E_NULL, "run_add_batches: the name of the part is NULL");
    assert_fails(wg_run_add_count(run, "a", NULL), WG_E_NULL, "run_add_count: the count is NULL");
    assert_fails(wg_run_add_count(NULL, "a", &count), WG_E_NULL, "run_add_count: the run is NULL");
    assert_fails(wg_run_save(NULL, "/dev/null/x"), WG_E_NULL, "run_save: the run is NULL");
    assert_fails(wg_run_save(run, NULL), WG_E_NULL, "run_save: the path is NULL");
    assert_fails(wg_run_save(run, "/dev/null/x", .texts = WG_TEXTS("a")), WG_E_ARGUMENT,
                 "run_save: expected keys with values, at most 16, got 9 strings");
    assert_fails(wg_run_check_path(NULL, "/tmp/x"), WG_E_NULL, "run_check_path: the run is NULL");
    assert_fails(wg_run_check_path(run, NULL), WG_E_NULL, "run_check_path: the path is NULL");
    assert_fails(wg_run_check_path(run, "/dev/null/x"), WG_E_IO,
                 "run_check_path: /dev/null/x: opening its directory: Not a directory");
    assert_fails(wg_run_check_path(run, "/dev/"), WG_E_ARGUMENT, "run_check_path: \"/dev/\" names no file");
    assert_fails(wg_run_load(NULL, "/dev/null/x"), WG_E_NULL, "run_load: the run is NULL");
    assert_fails(wg_run_load(run, NULL), WG_E_NULL, "run_load: the path is NULL");
    assert_fails(wg_run_load(run, "/dev/null/x"), WG_E_IO, "run_load: /dev/null/x: Not a directory");
    assert_fails(wg_run_load(run, "/dev/null/x", .previous = true), WG_E_IO, "run_load: /dev/null/x.prev: Not a directory");
    wg_run_destroy(run), wg_run_destroy(NULL);
    wg_batches_destroy(batches);
}

static void misuse_interrupts(void)
{
    assert_int_equal(wg_interrupt_pending(), 0);
    wg_interrupt_release(); /* nothing is caught */
    assert_int_equal(wg_interrupt_catch(), WG_OK);
    assert_fails(wg_interrupt_catch(), WG_E_STATE, "interrupt_catch: signals are caught already");
    wg_interrupt_release();
    assert_int_equal(wg_interrupt_catch(), WG_OK);
    wg_interrupt_release();
}

static const struct misuse table[] = {
    {"wg_save_with", misuse_saving},
    {"wg_load_with", misuse_saving},
    {"wg_file_read", misuse_reading},
    {"wg_file_parse", misuse_reading},
    {"wg_file_destroy", misuse_reading},
    {"wg_file_tensors", misuse_reading},
    {"wg_file_tensor", misuse_reading},
    {"wg_file_text_of", misuse_reading},
    {"wg_run_create_with", misuse_runs},
    {"wg_run_destroy", misuse_runs},
    {"wg_run_add", misuse_runs},
    {"wg_run_add_tensor", misuse_runs},
    {"wg_run_add_batches", misuse_runs},
    {"wg_run_add_count", misuse_runs},
    {"wg_run_save_with", misuse_runs},
    {"wg_run_check_path", misuse_runs},
    {"wg_run_load_with", misuse_runs},
    {"wg_interrupt_catch", misuse_interrupts},
    {"wg_interrupt_pending", misuse_interrupts},
    {"wg_interrupt_release", misuse_interrupts},
};

MISUSE_MAIN(table)

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
    assert_fails(wg_save("/dev/null/x", good, .n_texts = 1), WG_E_NULL, "save: the texts are NULL");
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

static const struct misuse table[] = {
    {"wg_save_with", misuse_saving},    {"wg_load_with", misuse_saving},     {"wg_file_read", misuse_reading},
    {"wg_file_parse", misuse_reading},  {"wg_file_destroy", misuse_reading}, {"wg_file_tensors", misuse_reading},
    {"wg_file_tensor", misuse_reading}, {"wg_file_text_of", misuse_reading},
};

MISUSE_MAIN(table)

/* Misuse of readers. */
#include "misuse.h"

static void misuse_idx(void)
{
    assert_null_and_error(wg_dataset_read_idx(NULL), WG_E_NULL, "dataset_read_idx: the path is NULL");
    assert_null_and_error(wg_dataset_read_idx("/nonexistent/file"), WG_E_IO, "dataset_read_idx: /nonexistent/file: No such file");
    assert_null_and_error(wg_dataset_read_idx("/dev/null", .max_bytes = SIZE_MAX), WG_E_ARGUMENT, "dataset_read_idx: .max_bytes");
    assert_null_and_error(wg_dataset_parse_idx(NULL, 4, "x"), WG_E_NULL, "dataset_parse_idx: the bytes are NULL");
    assert_null_and_error(wg_dataset_parse_idx("", 0, NULL), WG_E_NULL, "dataset_parse_idx: the name is NULL");
}

static void misuse_mnist(void)
{
    wg_tensor *x = fx.x, *y = fx.y;
    assert_fails(wg_dataset_read_mnist(NULL, "y", &x, &y), WG_E_NULL, "dataset_read_mnist: the path is NULL");
    assert_fails(wg_dataset_read_mnist("/dev/null", NULL, &x, &y), WG_E_NULL, "dataset_read_mnist: the path is NULL");
    assert_fails(wg_dataset_read_mnist("x", "y", NULL, &y), WG_E_NULL, "dataset_read_mnist: expected where to put");
    assert_fails(wg_dataset_read_mnist("x", "y", &x, NULL), WG_E_NULL, "dataset_read_mnist: expected where to put");
    assert_fails(wg_dataset_read_mnist("/dev/null", "/dev/null", &x, &y), WG_E_IO, "dataset_read_mnist: /dev/null, byte 0");
    assert_true(x == fx.x && y == fx.y);
}

static void misuse_digits(void)
{
    wg_tensor *x = fx.x, *y = fx.y;
    assert_fails(wg_dataset_digits(NULL, &y), WG_E_NULL, "dataset_digits: expected where to put");
    assert_fails(wg_dataset_digits(&x, NULL), WG_E_NULL, "dataset_digits: expected where to put");
    assert_fails(wg_dataset_digits(&x, &y, .dtype = WG_U8), WG_E_DTYPE, "dataset_digits: expected .dtype");
    assert_true(x == fx.x && y == fx.y);
}

static void misuse_npy(void)
{
    assert_null_and_error(wg_dataset_read_npy(NULL), WG_E_NULL, "dataset_read_npy: the path is NULL");
    assert_null_and_error(wg_dataset_read_npy("/nonexistent/file"), WG_E_IO, "dataset_read_npy: /nonexistent/file: No such file");
    assert_null_and_error(wg_dataset_read_npy("/dev/null", .max_bytes = SIZE_MAX), WG_E_ARGUMENT, "dataset_read_npy: .max_bytes");
    assert_null_and_error(wg_dataset_parse_npy(NULL, 4, "x"), WG_E_NULL, "dataset_parse_npy: the bytes are NULL");
    assert_null_and_error(wg_dataset_parse_npy("", 0, NULL), WG_E_NULL, "dataset_parse_npy: the name is NULL");
    assert_fails(wg_dataset_write_npy(NULL, fx.x), WG_E_NULL, "dataset_write_npy: the path is NULL");
    assert_fails(wg_dataset_write_npy("/dev/null/x", fx.x), WG_E_IO, "dataset_write_npy: /dev/null/x: opening its directory");
    FOR_EACH_BAD(IS_NULL, assert_fails(wg_dataset_write_npy("/dev/null/x", bad), code, ": "));
}

static void misuse_npz(void)
{
    const char *name = "x", *null = NULL;
    const wg_tensor_list good = {1, &fx.x, &name}, no_tensors = {1, NULL, &name}, no_names = {1, &fx.x, NULL},
                         no_name = {1, &fx.x, &null};
    const wg_tensor_list wrong[] = {no_tensors, no_names, no_name};
    assert_null_and_error(wg_dataset_read_npz(NULL), WG_E_NULL, "dataset_read_npz: the path is NULL");
    assert_null_and_error(wg_dataset_read_npz("/nonexistent/file"), WG_E_IO, "dataset_read_npz: /nonexistent/file: No such file");
    assert_null_and_error(wg_dataset_parse_npz(NULL, 4, "x"), WG_E_NULL, "dataset_parse_npz: the bytes are NULL");
    assert_null_and_error(wg_dataset_parse_npz("", 0, NULL), WG_E_NULL, "dataset_parse_npz: the name is NULL");
    assert_null_and_error(wg_dataset_npz_tensor(NULL, "x"), WG_E_NULL, "dataset_npz_tensor: the archive is NULL");
    assert_int_equal(wg_dataset_npz_tensors(NULL).n, 0);
    expect_error(WG_E_NULL, "dataset_npz_tensors: the archive is NULL");
    wg_dataset_npz_destroy(NULL);
    assert_fails(wg_dataset_write_npz(NULL, good), WG_E_NULL, "dataset_write_npz: the path is NULL");
    assert_fails(wg_dataset_write_npz("/dev/null/x", good), WG_E_IO, "dataset_write_npz: /dev/null/x: opening its directory");
    for (int i = 0; i < 3; i++)
        assert_fails(wg_dataset_write_npz("/dev/null/x", wrong[i]), WG_E_NULL, "dataset_write_npz: tensor 0 or its name is NULL");
    FOR_EACH_BAD(IS_NULL, {
        const wg_tensor_list list = {1, &bad, &name};
        assert_fails(wg_dataset_write_npz("/dev/null/x", list), code, ": ");
    });
}

static const struct misuse table[] = {
    {"wg_dataset_read_npy_with", misuse_npy},  {"wg_dataset_parse_npy", misuse_npy},   {"wg_dataset_write_npy", misuse_npy},
    {"wg_dataset_read_npz_with", misuse_npz},  {"wg_dataset_parse_npz", misuse_npz},   {"wg_dataset_npz_tensor", misuse_npz},
    {"wg_dataset_npz_tensors", misuse_npz},    {"wg_dataset_npz_destroy", misuse_npz}, {"wg_dataset_write_npz", misuse_npz},
    {"wg_dataset_read_idx_with", misuse_idx},  {"wg_dataset_parse_idx", misuse_idx},   {"wg_dataset_read_mnist_with", misuse_mnist},
    {"wg_dataset_digits_with", misuse_digits},
};

MISUSE_MAIN(table)

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

static const struct misuse table[] = {
    {"wg_dataset_read_idx_with", misuse_idx},
    {"wg_dataset_parse_idx", misuse_idx},
    {"wg_dataset_read_mnist_with", misuse_mnist},
    {"wg_dataset_digits_with", misuse_digits},
};

MISUSE_MAIN(table)

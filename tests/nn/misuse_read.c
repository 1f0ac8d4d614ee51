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
    assert_fails(wg_dataset_write_npz("/dev/null/x", ((wg_tensor_list){65535, NULL, NULL})), WG_E_ARGUMENT,
                 "dataset_write_npz: expected at most 65534 tensors, got 65535");
    for (int i = 0; i < 3; i++)
        assert_fails(wg_dataset_write_npz("/dev/null/x", wrong[i]), WG_E_NULL, "dataset_write_npz: tensor 0 or its name is NULL");
    FOR_EACH_BAD(IS_NULL, {
        const wg_tensor_list list = {1, &bad, &name};
        assert_fails(wg_dataset_write_npz("/dev/null/x", list), code, ": ");
    });
}

static void misuse_cifar(void)
{
    wg_tensor *x = fx.x, *y = fx.y;
    const char *path = "/nonexistent/file", *null = NULL;
    assert_fails(wg_dataset_read_cifar(NULL, 1, &x, &y), WG_E_NULL, "dataset_read_cifar: the paths are NULL");
    assert_fails(wg_dataset_read_cifar(&null, 1, &x, &y), WG_E_NULL, "dataset_read_cifar: the path is NULL");
    assert_fails(wg_dataset_read_cifar(&path, 0, &x, &y), WG_E_ARGUMENT, "dataset_read_cifar: expected 1 to 1000 paths, got 0");
    assert_fails(wg_dataset_read_cifar(&path, 1, NULL, &y), WG_E_NULL, "dataset_read_cifar: expected where to put");
    assert_fails(wg_dataset_read_cifar(&path, 1, &x, NULL), WG_E_NULL, "dataset_read_cifar: expected where to put");
    assert_fails(wg_dataset_read_cifar(&path, 1, &x, &y), WG_E_IO, "dataset_read_cifar: /nonexistent/file: No such file");
    assert_fails(wg_dataset_read_cifar(&path, 1, &x, &y, .kind = (wg_cifar)-1), WG_E_ARGUMENT,
                 "dataset_read_cifar: expected .kind");
    assert_fails(wg_dataset_parse_cifar(NULL, 1, "x", &x, &y), WG_E_NULL, "dataset_parse_cifar: the bytes are NULL");
    assert_fails(wg_dataset_parse_cifar("", 0, NULL, &x, &y), WG_E_NULL, "dataset_parse_cifar: the name is NULL");
    assert_fails(wg_dataset_parse_cifar("", 0, "x", NULL, &y), WG_E_NULL, "dataset_parse_cifar: expected where to put");
    assert_fails(wg_dataset_parse_cifar("", 0, "x", &x, NULL), WG_E_NULL, "dataset_parse_cifar: expected where to put");
    assert_true(x == fx.x && y == fx.y);
}

static void misuse_png(void)
{
    wg_tensor *x = fx.x, *y = fx.y;
    wg_dataset_classes *classes = NULL;
    assert_null_and_error(wg_dataset_read_png(NULL), WG_E_NULL, "dataset_read_png: the path is NULL");
    assert_null_and_error(wg_dataset_read_png("/nonexistent/file"), WG_E_IO, "dataset_read_png: /nonexistent/file: No such file");
    assert_null_and_error(wg_dataset_read_png("/dev/null", .channels = 5), WG_E_ARGUMENT, "dataset_read_png: expected .channels");
    assert_null_and_error(wg_dataset_parse_png(NULL, 4, "x"), WG_E_NULL, "dataset_parse_png: the bytes are NULL");
    assert_null_and_error(wg_dataset_parse_png("", 0, NULL), WG_E_NULL, "dataset_parse_png: the name is NULL");
    assert_fails(wg_dataset_read_folder(NULL, &x, &y, &classes), WG_E_NULL, "dataset_read_folder: the path is NULL");
    assert_fails(wg_dataset_read_folder("/", NULL, &y, &classes), WG_E_NULL, "dataset_read_folder: expected where to put");
    assert_fails(wg_dataset_read_folder("/", &x, NULL, &classes), WG_E_NULL, "dataset_read_folder: expected where to put");
    assert_fails(wg_dataset_read_folder("/nonexistent", &x, &y, &classes), WG_E_IO,
                 "dataset_read_folder: /nonexistent: No such file");
    assert_fails(wg_dataset_read_folder("/", &x, &y, &classes, .dtype = WG_I64), WG_E_DTYPE,
                 "dataset_read_folder: expected .dtype");
    assert_true(x == fx.x && y == fx.y && !classes);
    assert_int_equal(wg_dataset_classes_count(NULL), 0);
    expect_error(WG_E_NULL, "dataset_classes_count: the classes are NULL");
    assert_null_and_error(wg_dataset_classes_name(NULL, 0), WG_E_NULL, "dataset_classes_name: the classes are NULL");
    wg_dataset_classes_destroy(NULL);
}

static void misuse_text(void)
{
    assert_null_and_error(wg_dataset_read_text(NULL), WG_E_NULL, "dataset_read_text: the path is NULL");
    assert_null_and_error(wg_dataset_read_text("/nonexistent/file"), WG_E_IO, "dataset_read_text: /nonexistent/file: No such file");
    assert_null_and_error(wg_dataset_read_text("/dev/null", .dtype = WG_F32), WG_E_DTYPE, "dataset_read_text: expected .dtype");
    assert_null_and_error(wg_dataset_parse_text(NULL, 4, "x"), WG_E_NULL, "dataset_parse_text: the bytes are NULL");
    assert_null_and_error(wg_dataset_parse_text("", 0, NULL), WG_E_NULL, "dataset_parse_text: the name is NULL");
}

static void misuse_tokenizer(void)
{
    char text[8];
    wg_tokenizer *tokenizer = wg_tokenizer_create("ab", 2);
    size_t size = 1;
    assert_null_and_error(wg_tokenizer_create(NULL, 1), WG_E_NULL, "tokenizer_create: expected a text, got NULL");
    assert_null_and_error(wg_tokenizer_create("", 0), WG_E_ARGUMENT, "tokenizer_create: expected a text, got no bytes");
    assert_null_and_error(wg_tokenizer_vocabulary(NULL, &size), WG_E_NULL, "tokenizer_vocabulary: the tokenizer is NULL");
    assert_true(size == 0 && wg_tokenizer_vocabulary(tokenizer, NULL) != NULL);
    assert_int_equal(wg_tokenizer_size(NULL), 0);
    expect_error(WG_E_NULL, "tokenizer_size: the tokenizer is NULL");
    assert_null_and_error(wg_tokenizer_encode(NULL, "a", 1), WG_E_NULL, "tokenizer_encode: the tokenizer is NULL");
    assert_null_and_error(wg_tokenizer_encode(tokenizer, NULL, 1), WG_E_NULL, "tokenizer_encode: the text is NULL");
    assert_null_and_error(wg_tokenizer_encode(tokenizer, "c", 1), WG_E_ARGUMENT, "tokenizer_encode: byte 0, 0x63");
    assert_fails(wg_tokenizer_decode(NULL, fx.labels, text, sizeof text), WG_E_NULL, "tokenizer_decode: the tokenizer is NULL");
    assert_fails(wg_tokenizer_decode(tokenizer, NULL, text, sizeof text), WG_E_NULL, "tokenizer_decode: the tokens are NULL");
    assert_fails(wg_tokenizer_decode(tokenizer, fx.labels, NULL, 8), WG_E_NULL, "tokenizer_decode: the text is NULL");
    assert_fails(wg_tokenizer_decode(tokenizer, fx.labels, text, 2), WG_E_ARGUMENT, "tokenizer_decode: 2 tokens and a NUL");
    assert_fails(wg_tokenizer_decode(tokenizer, fx.x, text, sizeof text), WG_E_DTYPE,
                 "tokenizer_decode: expected tokens of dtype i64");
    FOR_EACH_BAD(IS_NULL, assert_fails(wg_tokenizer_decode(tokenizer, bad, text, sizeof text), code, ": "));
    wg_tokenizer_destroy(tokenizer);
    wg_tokenizer_destroy(NULL);
}

static const struct misuse table[] = {
    {"wg_dataset_read_cifar_with", misuse_cifar},  {"wg_dataset_parse_cifar_with", misuse_cifar},
    {"wg_dataset_read_png_with", misuse_png},      {"wg_dataset_parse_png_with", misuse_png},
    {"wg_dataset_read_folder_with", misuse_png},   {"wg_dataset_classes_count", misuse_png},
    {"wg_dataset_classes_name", misuse_png},       {"wg_dataset_classes_destroy", misuse_png},
    {"wg_dataset_read_text_with", misuse_text},    {"wg_dataset_parse_text_with", misuse_text},
    {"wg_tokenizer_create", misuse_tokenizer},     {"wg_tokenizer_destroy", misuse_tokenizer},
    {"wg_tokenizer_vocabulary", misuse_tokenizer}, {"wg_tokenizer_size", misuse_tokenizer},
    {"wg_tokenizer_encode", misuse_tokenizer},     {"wg_tokenizer_decode", misuse_tokenizer},
    {"wg_dataset_read_npy_with", misuse_npy},      {"wg_dataset_parse_npy", misuse_npy},
    {"wg_dataset_write_npy", misuse_npy},          {"wg_dataset_read_npz_with", misuse_npz},
    {"wg_dataset_parse_npz", misuse_npz},          {"wg_dataset_npz_tensor", misuse_npz},
    {"wg_dataset_npz_tensors", misuse_npz},        {"wg_dataset_npz_destroy", misuse_npz},
    {"wg_dataset_write_npz", misuse_npz},          {"wg_dataset_read_idx_with", misuse_idx},
    {"wg_dataset_parse_idx", misuse_idx},          {"wg_dataset_read_mnist_with", misuse_mnist},
    {"wg_dataset_digits_with", misuse_digits},
};

MISUSE_MAIN(table)

/* Each reader, and what writes a format, as a call on the bytes or the path of a file of a fuzzer's corpus. */
#ifndef TEST_READERS_CALLED_H
#define TEST_READERS_CALLED_H

#include "common.h"

static char folder[] = "/tmp/wengert-faults-XXXXXX";

static char *path_of(const char *name, char path[200])
{
    snprintf(path, 200, "%s/%s", folder, name);
    return path;
}

/* Bytes of a file, and what its reader makes of them. */
struct reader {
    const char *name, *file; /* the file: of the corpus of fuzzers, or, beginning with "/", any */
    bool (*read)(const unsigned char *bytes, size_t n, const char *path);
    int64_t min_calls; /* of the allocator, below which the wrapping is blind */
};

static wg_tensor *one, *two;
static wg_dataset_npz *npz;
static wg_file *model;
static wg_dataset_classes *classes;
static wg_tokenizer *tokenizer;

static void forget(void)
{
    wg_free(one), wg_free(two);
    wg_dataset_npz_destroy(npz);
    wg_file_destroy(model);
    wg_dataset_classes_destroy(classes);
    wg_tokenizer_destroy(tokenizer);
    one = two = NULL;
    npz = NULL, model = NULL, classes = NULL, tokenizer = NULL;
}

#define UNUSED (void)bytes, (void)n, (void)path
#define READER(function, ...)                                                    \
    static bool function(const unsigned char *bytes, size_t n, const char *path) \
    {                                                                            \
        UNUSED;                                                                  \
        return __VA_ARGS__;                                                      \
    }

READER(parse_idx, (one = wg_dataset_parse_idx(bytes, n, "x")) != NULL)
READER(read_idx, (one = wg_dataset_read_idx(path)) != NULL)
READER(read_mnist, wg_dataset_read_mnist(path, "/dev/null", &one, &two) == WG_OK)
READER(parse_npy, (one = wg_dataset_parse_npy(bytes, n, "x")) != NULL)
READER(read_npy, (one = wg_dataset_read_npy(path)) != NULL)
READER(parse_npz, (npz = wg_dataset_parse_npz(bytes, n, "x")) != NULL)
READER(read_npz, (npz = wg_dataset_read_npz(path)) != NULL)
READER(parse_cifar, wg_dataset_parse_cifar(bytes, n, "x", &one, &two) == WG_OK)
READER(read_cifar, wg_dataset_read_cifar((&path), 1, &one, &two, .kind = WG_CIFAR_10) == WG_OK)
READER(parse_csv, wg_dataset_parse_csv(bytes, n, "x", &one, &two) == WG_OK)
READER(read_csv, wg_dataset_read_csv(path, &one, &two) == WG_OK)
READER(parse_png,
       (one = wg_dataset_parse_png(bytes, n, "x", .max_bytes = 100 << 10)) != NULL) /* a few bytes can promise any image */
READER(read_png, (one = wg_dataset_read_png(path)) != NULL)
READER(read_folder, wg_dataset_read_folder(folder, &one, &two, &classes) == WG_OK)
READER(parse_text, (one = wg_dataset_parse_text(bytes, n, "x")) != NULL)
READER(read_text, (one = wg_dataset_read_text(path, .dtype = WG_I64)) != NULL)
READER(digits, wg_dataset_digits(&one, &two) == WG_OK)
READER(parse_model, (model = wg_file_parse(bytes, n, "x")) != NULL)

static bool tokens(const unsigned char *bytes, size_t n, const char *path)
{
    (void)path;
    char text[200];
    tokenizer = wg_tokenizer_create(bytes, n);
    one = tokenizer ? wg_tokenizer_encode(tokenizer, bytes, n) : NULL;
    if (one && wg_tokenizer_decode(tokenizer, one, text, sizeof text) == WG_OK)
        return true;
    wg_free(one);
    one = NULL;
    return false;
}

static wg_tensor *operand[2]; /* of what is written, made before */

static bool write_npy(const unsigned char *bytes, size_t n, const char *path)
{
    UNUSED;
    char at[200];
    return wg_dataset_write_npy(path_of("written.npy", at), operand[0]) == WG_OK;
}

static bool write_npz(const unsigned char *bytes, size_t n, const char *path)
{
    UNUSED;
    char at[200];
    static const char *const names[] = {"a", "b"};
    return wg_dataset_write_npz(path_of("written.npz", at), (wg_tensor_list){2, operand, names}) == WG_OK;
}

static const struct reader readers[] = {
    {"parse_idx", "idx/type12", parse_idx, 2},
    {"read_idx, compressed", "idx/images.gz", read_idx, 4},
    {"parse_npy", "npy/i4", parse_npy, 2},
    {"parse_npy, Fortran's order", "npy/fortran", parse_npy, 2},
    {"read_npy", "npy/f8", read_npy, 2},
    {"parse_npz", "npz/two", parse_npz, 6},
    {"read_npz", "npz/utf8", read_npz, 6},
    {"parse_cifar", "cifar/two", parse_cifar, 2},
    {"read_cifar", "cifar/ten", read_cifar, 2},
    {"parse_csv", "csv/00", parse_csv, 2},
    {"read_csv, compressed", DIGITS_CSV, read_csv, 3},
    {"parse_png", "png/interlaced", parse_png, 4},
    {"read_png", "png/colour6depth16", read_png, 5},
    {"read_folder", "png/palette", read_folder, 8},
    {"parse_text", "csv/00", parse_text, 2},
    {"read_text", "csv/00", read_text, 2},
    {"digits", "csv/00", digits, 2},
    {"tokens", "csv/00", tokens, 2},
    {"write_npy", "csv/00", write_npy, 4},
    {"write_npz", "csv/00", write_npz, 6},
};
enum { N_READERS = sizeof readers / sizeof *readers };

#endif

/* The header of a safetensors file: which tensors it has, and where. Source: the format's description, huggingface/safetensors,
   2022. */
#ifndef NN_FILE_HEADER_H
#define NN_FILE_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wengert/tensor.h"

/* The format's dtypes that have a counterpart here, at least after a conversion. */
enum file_dtype {
    FILE_BOOL,
    FILE_U8,
    FILE_I8,
    FILE_I16,
    FILE_U16,
    FILE_I32,
    FILE_U32,
    FILE_I64,
    FILE_F16,
    FILE_BF16,
    FILE_F32,
    FILE_F64,
    FILE_DTYPES
};

struct file_entry {
    const char *name;
    enum file_dtype dtype;
    wg_shape shape;
    int64_t numel;
    uint64_t begin, end; /* of its bytes, from the first byte behind the header */
};

struct json_t;
struct file_header {
    struct json_t *json;      /* owns the names and the texts */
    struct file_entry *entry; /* in the order of their places */
    size_t n;
};

const char *file_dtype_name(enum file_dtype dtype);
size_t file_dtype_size(enum file_dtype dtype);
wg_dtype file_dtype_here(enum file_dtype dtype); /* its counterpart */

wg_status file_check_names(const char *const *name, size_t n, const char *op); /* each occurs once */

/* Every tensor has a value and every name is there, once. */
wg_status file_check_list(wg_tensor_list list, const char *op);

/* Reads a header of n bytes, of a file with data bytes behind it. where: the file, for messages. On failure header is empty. */
wg_status file_header_parse(struct file_header *header, const char *text, size_t n, uint64_t data, const char *where,
                            const char *op);
void file_header_end(struct file_header *header);
const char *file_header_text(const struct file_header *header, const char *key); /* NULL: there is none */

bool file_same(enum file_dtype from, wg_dtype to); /* to's elements are those of the file */
bool file_can_convert(enum file_dtype from,
                      wg_dtype to); /* reals to reals, integers to i64; so no number is lost but by rounding */
/* A whole number, such as PyTorch's num_batches_tracked, which is f64 here. */
bool file_is_count(const struct file_entry *entry, wg_dtype to);
/* Converts n elements, as they are in the file, to a dtype to which they can be. */
void file_convert(enum file_dtype from, const unsigned char *bytes, wg_dtype to, void *elements, int64_t n);

#endif

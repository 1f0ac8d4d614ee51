/* Model files: tensors by name in the safetensors format, which PyTorch's and other tools read and write.

       WG_TRY(wg_save("model.safetensors", wg_nn_state(net)));
       …
       WG_TRY(wg_load("model.safetensors", wg_nn_state(net)));

   The layers have the names and the layouts of PyTorch's modules, so that a state dict goes from one to the other as it is. A
   file is read with distrust: nothing in it is believed before it has been checked, and no more memory is asked for than the
   file's size and a multiple of its header. */
#ifndef WENGERT_FILE_H
#define WENGERT_FILE_H

#include "base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in tape.h */
#endif

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Texts that go with a file, by value: keys and their values, at most 16 of them, WG_TEXTS("epoch", "12", "note", "cosine"). */
enum { WG_MAX_TEXTS = 16 };
typedef struct WG_NAMED wg_file_texts {
    WG_EXPECTED_(WG_TEXTS)
    size_t count; /* of strings, two a text */
    const char *string[2 * WG_MAX_TEXTS];
} wg_file_texts;

#ifndef __cplusplus
#define WG_TEXTS(...) \
    ((wg_file_texts){.count = sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *), .string = {__VA_ARGS__}})
#define WG_NO_TEXTS \
    {               \
        .count = 0  \
    }
#endif

/* Options of wg_save. texts: the file's metadata. keep_previous: the file that was there is kept as PATH.prev. */
typedef struct WG_NAMED wg_save_options {
    wg_file_texts texts;
    bool keep_previous;
} wg_save_options;

/* Writes the tensors, under the names of the list, to a file in place of what is there. At every moment, whatever happens to the
   process or the power, the path names the whole old file or the whole new one: the new one is written beside it, brought to the
   disk (fsync), and then takes its name. dtypes: F32, F64, I64, U8. Any strides; elements are written in row-major order. E_NULL;
   E_ARGUMENT (an empty name, a name twice, "__metadata__", a key without a value or twice, more than 16 texts, a text that is no
   UTF-8); E_IO, with the operation that failed, and the
   old file is untouched, also if it is no regular file or a symbolic link, which is not replaced; E_DURABILITY: the new file is in place, but its directory could not be brought to the disk, so a loss of
   power may bring the old one back; E_STATE (a tensor is recorded now); E_MEMORY: a copy of the largest tensor that is not
   contiguous. */
#define wg_save(path, tensors, ...) \
    wg_save_with((path), (tensors), WG_OPTIONS(wg_save_options, .texts = WG_NO_TEXTS, .keep_previous = false, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_save_with(const char *path, wg_tensor_list tensors, wg_save_options options);

/* Options of wg_load. strict: the file has each tensor of the list and no other; if not, what only one of the two has is left
   alone. convert: a tensor of another dtype is converted to the one that is there: reals, F16 and BF16 too, to reals, integers to
   i64. Without it another dtype is an error, except that a count, I64 without axes, becomes the f64 that counts are here.
   max_header: the largest header that is read, in bytes. */
typedef struct WG_NAMED wg_load_options {
    bool strict, convert;
    size_t max_header;
} wg_load_options;
#define WG_LOAD_OPTIONS_(...) \
    WG_OPTIONS(wg_load_options, .strict = true, .convert = false, .max_header = (size_t)16 << 20, __VA_ARGS__)

/* Reads the tensors of a list from a file, by name: all of them, or on failure none. It is a write, as
   wg_write is, which stays if the open tape fails. E_NULL; E_IO: the file cannot be read, or is not well formed, with the place; E_ARGUMENT: names that are missing,
   that are not expected, that are given twice, or of one tensor with several values; E_SHAPE, E_DTYPE: another shape or dtype, all of them listed; E_MEMORY: the
   tensors once more. */
#define wg_load(path, tensors, ...) wg_load_with((path), (tensors), WG_LOAD_OPTIONS_(__VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_load_with(const char *path, wg_tensor_list tensors, wg_load_options options);

/* A file as it is: its tensors, with their names, in the order of their places, and its texts. Tensors of F16 and BF16 become
   f32, of BOOL u8, of smaller integers i64; others that have no counterpart here are E_DTYPE. parse reads from memory; name
   stands for the file in messages. NULL and the error: those of wg_load. */
typedef struct wg_file wg_file;
WG_API wg_file *wg_file_read(const char *path);
WG_API wg_file *wg_file_parse(const void *bytes, size_t size, const char *name);
WG_API void wg_file_destroy(wg_file *file); /* NULL is allowed. Its tensors end with it */

WG_API wg_tensor_list wg_file_tensors(const wg_file *file);
/* The tensor of that name, or the text of that key; NULL and E_ARGUMENT if there is none. */
WG_API wg_tensor *wg_file_tensor(const wg_file *file, const char *name);
WG_API const char *wg_file_text_of(const wg_file *file, const char *key);

#ifdef __cplusplus
}
#endif

#endif

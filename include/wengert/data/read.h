/* Readers: files of data become tensors.

   wg_dataset_read_… reads a file, wg_dataset_parse_… the same bytes in memory, where name stands for the file in messages. A tensor
   is made like any other, on the open tape or the caller's. A file is read with distrust: all of it is checked before the first
   tensor is made, nothing in it is taken for a path, and a reader asks for no more memory than the file, decompressed, and its
   tensors. Nothing is made on failure: E_IO, the file cannot be read, has more than .max_bytes (1 GiB by default) or is not well
   formed, and the message says where; E_DTYPE, its numbers have no counterpart here; E_NULL, E_ARGUMENT, E_MEMORY. A file that is
   compressed by gzip is read by those functions that say so, if the library was built with zlib. */
#ifndef WENGERT_DATA_READ_H
#define WENGERT_DATA_READ_H

#include "../base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC \
    system_header /* else -pedantic warns at wg_dataset_read_csv(path, x, y): before C23 a macro's "..." takes an argument */
#endif

#include "../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads numbers in rows: *features gets (rows, columns) of the given dtype, *labels i64 (rows) from the label column; made like any
   tensor, on the open tape or the caller's. label_column: counted from 0, negative from the last; with labels NULL all
   columns are features. A file compressed by gzip is read if the library was built with zlib. Numbers are decimal, whatever the
   locale; nan and inf only where nonfinite allows them. skip_lines: a header.
   Nothing is made on failure. E_IO: unreadable or not well formed (ragged rows, a field that is no number, NUL bytes, a line above
   1 MiB, contents above max_bytes), naming file, line and column; E_NULL, E_ARGUMENT, E_DTYPE, E_MEMORY. */
typedef struct WG_NAMED wg_dataset_csv_options {
    wg_dtype dtype;
    int64_t label_column;
    char separator;
    int skip_lines;
    bool nonfinite;
    size_t max_bytes;
} wg_dataset_csv_options;
#define WG_DATASET_CSV_OPTIONS_(...)                                                                                               \
    WG_OPTIONS(wg_dataset_csv_options, .dtype = WG_F32, .label_column = -1, .separator = ',', .skip_lines = 0, .nonfinite = false, \
               .max_bytes = (size_t)1 << 30, __VA_ARGS__)
#define wg_dataset_read_csv(path, features, labels, ...) \
    wg_dataset_read_csv_with((path), (features), (labels), WG_DATASET_CSV_OPTIONS_(__VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_dataset_read_csv_with(const char *path, wg_tensor **features, wg_tensor **labels,
                                                        wg_dataset_csv_options options);

/* The same from memory; name stands for the file in messages. */
#define wg_dataset_parse_csv(bytes, size, name, features, labels, ...) \
    wg_dataset_parse_csv_with((bytes), (size), (name), (features), (labels), WG_DATASET_CSV_OPTIONS_(__VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_dataset_parse_csv_with(const void *bytes, size_t size, const char *name, wg_tensor **features,
                                                         wg_tensor **labels, wg_dataset_csv_options options);

/* Options that all other readers have. */
typedef struct WG_NAMED wg_dataset_read_options {
    size_t max_bytes;
} wg_dataset_read_options;
#define WG_DATASET_READ_OPTIONS_(...) WG_OPTIONS(wg_dataset_read_options, .max_bytes = (size_t)1 << 30, __VA_ARGS__)

/* ---- IDX: the format of MNIST and its relatives ---- */

/* The tensor of an IDX file, plain or compressed by gzip: u8 stays u8, integers of 8, 16 and 32 bits become i64, f32 and f64 stay
   what they are. Rank 0 to 8. The file has as many bytes as its extents say. Source: Y. LeCun, C. Cortes, C. J. C. Burges, The
   MNIST database of handwritten digits, 1998. */
#define wg_dataset_read_idx(path, ...) wg_dataset_read_idx_with((path), WG_DATASET_READ_OPTIONS_(__VA_ARGS__))
WG_API wg_tensor *wg_dataset_read_idx_with(const char *path, wg_dataset_read_options options);
WG_API wg_tensor *wg_dataset_parse_idx(const void *bytes, size_t size, const char *name);

/* A file of images, u8 (n, height, width), and one of labels, u8 (n), as MNIST, Fashion-MNIST and EMNIST have: *images gets
   bytes/255 as f32 or f64, 0 to 1, of the shape (n, 1, height, width), or (n, height*width) if flat; *labels i64 (n). Both files
   may be compressed by gzip. E_SHAPE: their shapes or counts do not agree. */
typedef struct WG_NAMED wg_dataset_mnist_options {
    bool flat;
    wg_dtype dtype;
    size_t max_bytes;
} wg_dataset_mnist_options;
#define WG_DATASET_MNIST_OPTIONS_(...) \
    WG_OPTIONS(wg_dataset_mnist_options, .flat = false, .dtype = WG_F32, .max_bytes = (size_t)1 << 30, __VA_ARGS__)
#define wg_dataset_read_mnist(images_path, labels_path, images, labels, ...) \
    wg_dataset_read_mnist_with((images_path), (labels_path), (images), (labels), WG_DATASET_MNIST_OPTIONS_(__VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_dataset_read_mnist_with(const char *images_path, const char *labels_path, wg_tensor **images,
                                                          wg_tensor **labels, wg_dataset_mnist_options options);

/* ---- arrays of NumPy ---- */

/* The array of a .npy file, versions 1 to 3, either byte order, either order of indices (the tensor is row-major): f4 and f8 become
   f32 and f64, f2 becomes f32, b1 and u1 become u8, other integers i64; E_DTYPE: u8 of NumPy, 64 bits, with an element beyond 63; complex
   numbers, texts, objects, structures. The header has at most 64 KiB. Nothing in a file is ever run. */
#define wg_dataset_read_npy(path, ...) wg_dataset_read_npy_with((path), WG_DATASET_READ_OPTIONS_(__VA_ARGS__))
WG_API wg_tensor *wg_dataset_read_npy_with(const char *path, wg_dataset_read_options options);
WG_API wg_tensor *wg_dataset_parse_npy(const void *bytes, size_t size, const char *name);

/* Writes t, of any dtype and any strides, as a .npy file in row-major order, in place of what is there, as wg_save does, with its errors. */
WG_API WG_MUST_CHECK wg_status wg_dataset_write_npy(const char *path, const wg_tensor *t);

/* The arrays of an .npz archive, as np.savez writes it, by name; each as wg_dataset_read_npy reads it, and its CRC-32 is checked. They
   belong to the archive. E_IO: compressed members (np.savez_compressed), members that are no .npy files, gaps, a name twice. E_STATE: the
   library was built without zlib. */
typedef struct wg_dataset_npz wg_dataset_npz;
#define wg_dataset_read_npz(path, ...) wg_dataset_read_npz_with((path), WG_DATASET_READ_OPTIONS_(__VA_ARGS__))
WG_API wg_dataset_npz *wg_dataset_read_npz_with(const char *path, wg_dataset_read_options options);
WG_API wg_dataset_npz *wg_dataset_parse_npz(const void *bytes, size_t size, const char *name);
WG_API void wg_dataset_npz_destroy(wg_dataset_npz *npz); /* NULL is allowed. Its tensors end with it */

WG_API wg_tensor_list wg_dataset_npz_tensors(const wg_dataset_npz *npz);
/* The array of that name; NULL and E_ARGUMENT if there is none. */
WG_API wg_tensor *wg_dataset_npz_tensor(const wg_dataset_npz *npz, const char *name);

/* Writes the tensors of a list, stored, as wg_dataset_write_npy does one. E_ARGUMENT: a name that is empty, twice, no UTF-8; more than
   65534 tensors or 3.75 GiB. */
WG_API WG_MUST_CHECK wg_status wg_dataset_write_npz(const char *path, wg_tensor_list tensors);

/* ---- the built-in digits ---- */

/* 1797 handwritten digits of 43 writers: *images f32 (1797, 1, 8, 8), or (1797, 64) if flat, 0 to 1 in steps of 1/16; *labels i64
   (1797), 0 to 9. They are a part of the library and need no file. Source: E. Alpaydin, C. Kaynak, Optical Recognition of
   Handwritten Digits, UCI Machine Learning Repository, 1998, its test set. */
typedef struct WG_NAMED wg_dataset_digits_options {
    bool flat;
    wg_dtype dtype;
} wg_dataset_digits_options;
#define wg_dataset_digits(images, labels, ...) \
    wg_dataset_digits_with((images), (labels), WG_OPTIONS(wg_dataset_digits_options, .flat = false, .dtype = WG_F32, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_dataset_digits_with(wg_tensor **images, wg_tensor **labels, wg_dataset_digits_options options);

#ifdef __cplusplus
}
#endif

#endif

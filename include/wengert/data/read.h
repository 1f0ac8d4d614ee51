/* Readers: files of data become tensors.

   wg_dataset_read_… reads a file, wg_dataset_parse_… the same bytes in memory, where name stands for the file in messages. A
   tensor is made like any other, on the open tape or the caller's. A file is read with distrust: all of it is checked before the
   first tensor is made, nothing in it is taken for a path, and a reader asks for no more memory than the file, twice its contents
   where they are compressed, and its tensors. Nothing is made on failure: E_IO, the file cannot be read, has more than .max_bytes
   (1 GiB by default) or is not well formed, and the message says where; E_DTYPE, its numbers have no counterpart here; E_NULL,
   E_ARGUMENT, E_MEMORY. A file that is compressed by gzip is read by those functions that say so, if the library was built with
   zlib. */
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

/* ---- CIFAR ---- */

/* The binary version of CIFAR-10 and CIFAR-100: which labels a file has, or which of both are read: 10 classes, 100 fine ones or
   20 coarse ones. */
typedef enum wg_cifar { WG_CIFAR_10, WG_CIFAR_100, WG_CIFAR_100_COARSE } wg_cifar;

/* The images of n_paths files, one file after the other: *images gets bytes/255 as f32 or f64, (n, 3, 32, 32), red, green, blue,
   or (n, 3072) if flat; *labels i64 (n). CIFAR-10 has data_batch_1.bin to data_batch_5.bin and test_batch.bin, CIFAR-100
   train.bin and test.bin. E_IO: a file of another size, or a label that is none. Source: A. Krizhevsky, Learning Multiple Layers
   of Features from Tiny Images, 2009. */
typedef struct WG_NAMED wg_dataset_cifar_options {
    wg_cifar kind;
    bool flat;
    wg_dtype dtype;
    size_t max_bytes;
} wg_dataset_cifar_options;
#define WG_DATASET_CIFAR_OPTIONS_(...)                                                                                      \
    WG_OPTIONS(wg_dataset_cifar_options, .kind = WG_CIFAR_10, .flat = false, .dtype = WG_F32, .max_bytes = (size_t)1 << 30, \
               __VA_ARGS__)
#define wg_dataset_read_cifar(paths, n_paths, images, labels, ...) \
    wg_dataset_read_cifar_with((paths), (n_paths), (images), (labels), WG_DATASET_CIFAR_OPTIONS_(__VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_dataset_read_cifar_with(const char *const *paths, size_t n_paths, wg_tensor **images,
                                                          wg_tensor **labels, wg_dataset_cifar_options options);
#define wg_dataset_parse_cifar(bytes, size, name, images, labels, ...) \
    wg_dataset_parse_cifar_with((bytes), (size), (name), (images), (labels), WG_DATASET_CIFAR_OPTIONS_(__VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_dataset_parse_cifar_with(const void *bytes, size_t size, const char *name, wg_tensor **images,
                                                           wg_tensor **labels, wg_dataset_cifar_options options);

/* ---- images in PNG files ---- */

/* Options of images. channels: of the tensors, 1 (gray), 3 (red, green, blue) or 4 (with opacity); 0: those of the first image,
   where a palette counts as 3 or, with opacity, 4. Each image is converted: opacity that is not kept is left out, and gray is
   0.299 of red, 0.587 of green and 0.114 of blue. Pixels are 0 to 1, of 8 or 16 bits in the file. max_side: of an image, in
   pixels. max_bytes: of the files and of the tensor, each. */
typedef struct WG_NAMED wg_dataset_png_options {
    int channels;
    bool flat;
    wg_dtype dtype;
    int64_t max_side;
    size_t max_bytes;
} wg_dataset_png_options;
#define WG_DATASET_PNG_OPTIONS_(...)                                                                       \
    WG_OPTIONS(wg_dataset_png_options, .channels = 0, .flat = false, .dtype = WG_F32, .max_side = 1 << 14, \
               .max_bytes = (size_t)1 << 30, __VA_ARGS__)

/* One image as (channels, height, width), or (channels*height*width) if flat. E_STATE: the library was built without libpng. */
#define wg_dataset_read_png(path, ...) wg_dataset_read_png_with((path), WG_DATASET_PNG_OPTIONS_(__VA_ARGS__))
WG_API wg_tensor *wg_dataset_read_png_with(const char *path, wg_dataset_png_options options);
#define wg_dataset_parse_png(bytes, size, name, ...) \
    wg_dataset_parse_png_with((bytes), (size), (name), WG_DATASET_PNG_OPTIONS_(__VA_ARGS__))
WG_API wg_tensor *wg_dataset_parse_png_with(const void *bytes, size_t size, const char *name, wg_dataset_png_options options);

/* A folder with a folder for each class, and in it the class's images: path/CLASS/NAME.png. *images gets (n, channels, height,
   width) and *labels i64 (n), the class's index in *classes. Classes and, in each, images are in the order of their names' bytes.
   All images are of one size. What is no folder, what does not end with .png and what begins with a point is left out; links are
   followed. classes may be NULL; *classes is given back by wg_dataset_classes_destroy. The first image decides the size, for which
   memory is asked before the others are read. E_SHAPE: another size, and the file that has it. */
typedef struct wg_dataset_classes wg_dataset_classes;
#define wg_dataset_read_folder(path, images, labels, classes, ...) \
    wg_dataset_read_folder_with((path), (images), (labels), (classes), WG_DATASET_PNG_OPTIONS_(__VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_dataset_read_folder_with(const char *path, wg_tensor **images, wg_tensor **labels,
                                                           wg_dataset_classes **classes, wg_dataset_png_options options);
WG_API size_t wg_dataset_classes_count(const wg_dataset_classes *classes); /* 0 and E_NULL for NULL */
WG_API const char *wg_dataset_classes_name(const wg_dataset_classes *classes,
                                           int64_t label);           /* NULL and E_ARGUMENT: there is none */
WG_API void wg_dataset_classes_destroy(wg_dataset_classes *classes); /* NULL is allowed */

/* ---- text ---- */

/* The bytes of a file as they are, plain or compressed by gzip: u8 or, for an embedding or as labels, i64 (n). */
typedef struct WG_NAMED wg_dataset_text_options {
    wg_dtype dtype;
    size_t max_bytes;
} wg_dataset_text_options;
#define WG_DATASET_TEXT_OPTIONS_(...) WG_OPTIONS(wg_dataset_text_options, .dtype = WG_U8, .max_bytes = (size_t)1 << 30, __VA_ARGS__)
#define wg_dataset_read_text(path, ...) wg_dataset_read_text_with((path), WG_DATASET_TEXT_OPTIONS_(__VA_ARGS__))
WG_API wg_tensor *wg_dataset_read_text_with(const char *path, wg_dataset_text_options options);
#define wg_dataset_parse_text(bytes, size, name, ...) \
    wg_dataset_parse_text_with((bytes), (size), (name), WG_DATASET_TEXT_OPTIONS_(__VA_ARGS__))
WG_API wg_tensor *wg_dataset_parse_text_with(const void *bytes, size_t size, const char *name, wg_dataset_text_options options);

/* A tokenizer of bytes: its vocabulary is the bytes that occur in a text, in increasing order, and a token is a byte's index
   there. A model is saved with its tokenizer by saving the vocabulary, from which the same tokenizer is made again. NULL and the
   error on failure: E_NULL, E_ARGUMENT (no bytes), E_MEMORY. */
typedef struct wg_tokenizer wg_tokenizer;
WG_API wg_tokenizer *wg_tokenizer_create(const void *bytes, size_t size);
WG_API void wg_tokenizer_destroy(wg_tokenizer *tokenizer); /* NULL is allowed */
/* The vocabulary, of *size bytes, with a NUL behind it; valid as long as the tokenizer. size may be NULL. NULL and E_NULL for
   NULL. */
WG_API const char *wg_tokenizer_vocabulary(const wg_tokenizer *tokenizer, size_t *size);
WG_API int64_t wg_tokenizer_size(const wg_tokenizer *tokenizer); /* of the vocabulary; 0 and E_NULL for NULL */

/* The tokens of a text, i64 (size). NULL and the error: E_NULL; E_ARGUMENT, a byte that the vocabulary does not have, by its
   place; E_MEMORY. */
WG_API wg_tensor *wg_tokenizer_encode(const wg_tokenizer *tokenizer, const void *bytes, size_t size);
/* The bytes of tokens, i64 of any shape, in row-major order, and a NUL behind them, into text of size bytes. Nothing is written
   on failure: E_NULL, E_DTYPE, E_ARGUMENT (size is too small, a token out of range, by its place), E_MEMORY, those of wg_read. */
WG_API WG_MUST_CHECK wg_status wg_tokenizer_decode(const wg_tokenizer *tokenizer, const wg_tensor *tokens, char *text, size_t size);

/* ---- arrays of NumPy ---- */

/* The array of a .npy file, versions 1 to 3, either byte order, either order of indices (the tensor is row-major): f4 and f8
   become f32 and f64, f2 becomes f32, b1 and u1 become u8, other integers i64; E_DTYPE: u8 of NumPy, 64 bits, with an element
   beyond 63; complex numbers, texts, objects, structures. The header has at most 64 KiB. Nothing in a file is ever run. */
#define wg_dataset_read_npy(path, ...) wg_dataset_read_npy_with((path), WG_DATASET_READ_OPTIONS_(__VA_ARGS__))
WG_API wg_tensor *wg_dataset_read_npy_with(const char *path, wg_dataset_read_options options);
WG_API wg_tensor *wg_dataset_parse_npy(const void *bytes, size_t size, const char *name);

/* Writes t, of any dtype and any strides, as a .npy file in row-major order, in place of what is there, as wg_save does, with its
   errors. */
WG_API WG_MUST_CHECK wg_status wg_dataset_write_npy(const char *path, const wg_tensor *t);

/* The arrays of an .npz archive, as np.savez writes it, by name; each as wg_dataset_read_npy reads it, and its CRC-32 is checked.
   They belong to the archive. E_IO: compressed members (np.savez_compressed), members that are no .npy files, gaps, a name twice.
   E_STATE: the library was built without zlib. */
typedef struct wg_dataset_npz wg_dataset_npz;
#define wg_dataset_read_npz(path, ...) wg_dataset_read_npz_with((path), WG_DATASET_READ_OPTIONS_(__VA_ARGS__))
WG_API wg_dataset_npz *wg_dataset_read_npz_with(const char *path, wg_dataset_read_options options);
WG_API wg_dataset_npz *wg_dataset_parse_npz(const void *bytes, size_t size, const char *name);
WG_API void wg_dataset_npz_destroy(wg_dataset_npz *npz); /* NULL is allowed. Its tensors end with it */

WG_API wg_tensor_list wg_dataset_npz_tensors(const wg_dataset_npz *npz);
/* The array of that name; NULL and E_ARGUMENT if there is none. */
WG_API wg_tensor *wg_dataset_npz_tensor(const wg_dataset_npz *npz, const char *name);

/* Writes the tensors of a list, stored, as wg_dataset_write_npy does one. E_ARGUMENT: a name that is empty, twice, no UTF-8; more
   than 65534 tensors or 3.75 GiB. */
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

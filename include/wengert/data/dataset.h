/* Datasets: a dataset is a length and a function that writes item i, a row x and a row y, into memory. It may read tensors,
   compute its items, or change those of another dataset (augmentation). Batches take it (batches.h), and their worker threads
   call the function.

       wg_dataset *plain = wg_dataset_of(images, labels), *train = wg_dataset_subset(plain, parts.train);
       wg_dataset *augmented = wg_dataset_crop(train, .padding = 4);
       wg_batches *batches = wg_batches_of(augmented, .size = 64, .workers = 2);

   Ownership: every function that returns a dataset returns a new one, to be given back by wg_dataset_destroy, in any order: a
   dataset that another one or an iterator is made of lives as long as they do. Data beneath are shared, never copied.

   Threads: handles may be used by any thread, one at a time. The function of an item is called by several threads at once. It
   writes its row and no other memory that they share, and it makes no tensors and opens no tapes there. */
#ifndef WENGERT_DATA_DATASET_H
#define WENGERT_DATA_DATASET_H

#include "../base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* else -pedantic warns at wg_dataset_flip(dataset): before C23 a macro's "..." takes an argument */
#endif

#include "../random.h"
#include "../tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Streams of random numbers, as those of random.h: of one purpose each, with room for 2^56. */
#define WG_STREAM_AUGMENT ((uint64_t)6 << 56)   /* of items: + epoch */
#define WG_STREAM_SPLIT ((uint64_t)7 << 56)     /* of splits and folds */
#define WG_STREAM_SYNTHETIC ((uint64_t)8 << 56) /* of synthetic sets */

/* ---- random numbers of an item ---- */

/* A stream of random numbers in plain memory: {.seed = s, .stream = t} begins where wg_generator(s, t) does. The one that an item
   is given depends on the seed, the epoch and the item's position in the epoch alone, so that results do not depend on the
   threads. It has 2^25 numbers. */
typedef struct wg_dataset_random {
    uint64_t seed, stream, block; /* block: the next one of the stream */
    uint32_t word[4];
    int left; /* words of the last block that are not used */
    bool has_spare;
    double spare; /* a normal deviate */
} wg_dataset_random;
/* Uniform in [0, 1), 53 bits; standard normal (Box and Muller, 1958; the last bit depends on the C library); an integer 0 … n-1,
   each as likely (Lemire, 2019). NaN and -1 with E_NULL for NULL; -1 with E_ARGUMENT for n below 1. */
WG_API double wg_dataset_uniform(wg_dataset_random *random);
WG_API double wg_dataset_normal(wg_dataset_random *random);
WG_API int64_t wg_dataset_below(wg_dataset_random *random, int64_t n);

/* ---- making datasets ---- */

typedef struct wg_dataset wg_dataset;

/* One item to be made: its number, where its rows go (row-major; y is NULL where there are no labels), its random numbers, and
   the workspace that was asked for, aligned to 64 bytes and used by nobody else during the call. */
typedef struct wg_dataset_item {
    int64_t index;
    void *x, *y;
    wg_dataset_random *random;
    void *workspace;
} wg_dataset_item;
/* Writes all of both rows. Another status than WG_OK is the error of the batch, which says the item's number and, if the function
   recorded an error (wg_error_set), that one's text. One that returns WG_OK leaves no error recorded (wg_error_take). */
typedef wg_status wg_dataset_function(void *context, const wg_dataset_item *item);

/* x_…, y_…: dtype and shape of a row. labels: false if there are no rows y. workspace: bytes for each call. destroy is called
   with context when the last that uses the dataset is destroyed. */
typedef struct WG_NAMED wg_dataset_options {
    wg_dtype x_dtype;
    wg_shape x_shape;
    wg_dtype y_dtype;
    wg_shape y_shape;
    bool labels;
    size_t workspace;
    void (*destroy)(void *context);
} wg_dataset_options;
/* A dataset of a function of yours. On failure context is not destroyed: E_NULL (no function), E_ARGUMENT (length below 0,
   shapes, dtypes), E_MEMORY. */
#define wg_dataset_create(function, context, length, ...)                                                                 \
    wg_dataset_create_with((function), (context), (length),                                                               \
                           WG_OPTIONS(wg_dataset_options, .x_dtype = WG_F32, .x_shape = WG_NO_EXTENTS, .y_dtype = WG_I64, \
                                      .y_shape = WG_NO_EXTENTS, .labels = true, .workspace = 0, .destroy = NULL, __VA_ARGS__))
WG_API wg_dataset *wg_dataset_create_with(wg_dataset_function *function, void *context, int64_t length, wg_dataset_options options);

/* Rows of tensors, contiguous and of one number of rows; y is WG_NONE where there are no labels. They are shared, not copied:
   what is written to them later is in later items. While threads make batches of them nobody may write to them. Errors: E_NULL,
   E_SHAPE, E_ARGUMENT (not contiguous), those of wg_keep, E_MEMORY. */
WG_API wg_dataset *wg_dataset_of(wg_tensor *x, wg_tensor *y);

/* Windows of `length` elements of a series (n, …) along its first axis, such as tokens (n): row i is x = series[i·stride … i·stride +
   length - 1], of shape (length, …). next: there is a row y, the window one element further, so that y[t] follows x[t]: what a model of
   language or of time learns to tell. There are ⌊(n - length - next) / stride⌋ + 1 windows, none of which is made before it is read. The
   series is contiguous; it is shared, as by wg_dataset_of. Errors: E_NULL, E_SHAPE (not contiguous, no axis), E_ARGUMENT (length,
   stride, a series that is shorter than a window), those of wg_keep, E_MEMORY. */
typedef struct WG_NAMED wg_dataset_windows_options {
    int64_t stride;
    bool next;
} wg_dataset_windows_options;
#define wg_dataset_windows(series, length, ...) \
    wg_dataset_windows_with((series), (length), WG_OPTIONS(wg_dataset_windows_options, .stride = 1, .next = true, __VA_ARGS__))
WG_API wg_dataset *wg_dataset_windows_with(wg_tensor *series, int64_t length, wg_dataset_windows_options options);

/* The items at index, i64 (n), in that order; an item may stand there several times. Errors: E_NULL, E_DTYPE, E_SHAPE, E_ARGUMENT
   (out of range), E_MEMORY. */
WG_API wg_dataset *wg_dataset_subset(wg_dataset *dataset, const wg_tensor *index);

WG_API void wg_dataset_destroy(wg_dataset *dataset); /* NULL is allowed */

typedef struct wg_dataset_row {
    wg_dtype dtype;
    wg_shape shape;
} wg_dataset_row;
/* What a dataset is; all 0 and E_NULL for NULL. workspace: bytes that a call of its function takes, those of all it is made of
   included. */
typedef struct wg_dataset_info {
    int64_t length;
    wg_dataset_row x, y;
    bool labels;
    size_t workspace;
} wg_dataset_info;
WG_API wg_dataset_info wg_dataset_inspect(const wg_dataset *dataset);

/* The items at index, i64 (n), or all of them in order (WG_NONE), as tensors (n, …), made like any tensor; *y is WG_NONE where
   there are no labels, and y may be NULL then. Random numbers are those of the position in index of the given epoch and seed. On
   failure both are NULL: E_NULL, E_DTYPE, E_SHAPE, E_ARGUMENT, E_MEMORY, and what the item's function returns. */
typedef struct WG_NAMED wg_dataset_items_options {
    uint64_t seed;
    int64_t epoch;
} wg_dataset_items_options;
#define wg_dataset_items(dataset, index, x, y, ...) \
    wg_dataset_items_with((dataset), (index), (x), (y), WG_OPTIONS(wg_dataset_items_options, .seed = 0, .epoch = 0, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_dataset_items_with(const wg_dataset *dataset, const wg_tensor *index, wg_tensor **x,
                                                     wg_tensor **y, wg_dataset_items_options options);

/* Rows index[0..n) of source, in that order, copied into target: (n, …) of the source's dtype and other extents, both contiguous.
   Nothing changes on failure; E_ARGUMENT for an index out of range, or if the two share memory. */
WG_API WG_MUST_CHECK wg_status wg_dataset_gather_rows(wg_tensor *target, const wg_tensor *source, const int64_t *index, size_t n);

/* The same with an index tensor, i64 (n), and a new tensor, made like any. NULL and the errors of wg_dataset_gather_rows. */
WG_API wg_tensor *wg_dataset_take_rows(const wg_tensor *source, const wg_tensor *index);

/* ---- augmentation: datasets whose rows are changed each time they are read ---- */

/* Writes the new row item->x, all of it, from the row `from` of the dataset beneath. The row y is there already and may be
   changed. The random numbers are this step's own: no other step of a chain of them draws the same. */
typedef wg_status wg_dataset_map_function(void *context, const void *from, const wg_dataset_item *item);

/* dtype: of the new x, a wg_dtype, or -1 for the same; shape: of the new x, or without axes for the same; workspace, destroy: as in
   wg_dataset_options. */
typedef struct WG_NAMED wg_dataset_map_options {
    int dtype;
    wg_shape shape;
    size_t workspace;
    void (*destroy)(void *context);
} wg_dataset_map_options;
/* On failure context is not destroyed: E_NULL, E_ARGUMENT (a chain of more than 15, shape, dtype), E_MEMORY. */
#define wg_dataset_map(dataset, function, context, ...) \
    wg_dataset_map_with(                                \
        (dataset), (function), (context),               \
        WG_OPTIONS(wg_dataset_map_options, .dtype = -1, .shape = WG_NO_EXTENTS, .workspace = 0, .destroy = NULL, __VA_ARGS__))
WG_API wg_dataset *wg_dataset_map_with(wg_dataset *dataset, wg_dataset_map_function *function, void *context,
                                       wg_dataset_map_options options);

/* The row reversed along an axis (negative: from the last) with probability p: x[…, i, …] = from[…, n-1-i, …]. shape: as which the row
   is read, such as WG_SHAPE(8, 8) for flat images of 64 pixels; without axes: as it is. A row of one axis needs it, since a flat image
   that is reversed as a whole is turned upside down, too: WG_SHAPE(n) reverses a series. E_ARGUMENT: axis, p; E_SHAPE: a row of one
   axis without a shape, a shape of other elements. */
typedef struct WG_NAMED wg_dataset_flip_options {
    int axis;
    double p;
    wg_shape shape;
} wg_dataset_flip_options;
#define wg_dataset_flip(dataset, ...) \
    wg_dataset_flip_with((dataset), WG_OPTIONS(wg_dataset_flip_options, .axis = -1, .p = 0.5, .shape = WG_NO_EXTENTS, __VA_ARGS__))
WG_API wg_dataset *wg_dataset_flip_with(wg_dataset *dataset, wg_dataset_flip_options options);

/* A window of height by width at a place that is drawn uniformly, of the image (…, H, W) with padding on all sides; the same
   place for all channels. height, width 0: those of the image. mode: what stands outside the image; zeros, or `fill` in their
   place (WG_PADDING_ZEROS alone). E_SHAPE: rank below 2, no elements; E_ARGUMENT: a window larger than the padded image,
   reflection by H or W or more. */
typedef struct WG_NAMED wg_dataset_crop_options {
    int64_t height, width, padding;
    wg_padding mode;
    double fill;
} wg_dataset_crop_options;
#define wg_dataset_crop(dataset, ...)                                                                          \
    wg_dataset_crop_with((dataset), WG_OPTIONS(wg_dataset_crop_options, .height = 0, .width = 0, .padding = 4, \
                                               .mode = WG_PADDING_ZEROS, .fill = 0, __VA_ARGS__))
WG_API wg_dataset *wg_dataset_crop_with(wg_dataset *dataset, wg_dataset_crop_options options);

/* The image (…, H, W) moved by whole pixels that are drawn uniformly: up to `rows` up or down, up to `columns` left or right.
   What comes in is as in wg_dataset_crop. Errors as there. */
typedef struct WG_NAMED wg_dataset_shift_options {
    int64_t rows, columns;
    wg_padding mode;
    double fill;
} wg_dataset_shift_options;
#define wg_dataset_shift(dataset, ...)                                                                                       \
    wg_dataset_shift_with((dataset), WG_OPTIONS(wg_dataset_shift_options, .rows = 2, .columns = 2, .mode = WG_PADDING_ZEROS, \
                                                .fill = 0, __VA_ARGS__))
WG_API wg_dataset *wg_dataset_shift_with(wg_dataset *dataset, wg_dataset_shift_options options);

/* x = from + deviation z, z standard normal for each element; f32 or f64 (E_DTYPE). E_ARGUMENT: a deviation below 0. */
typedef struct WG_NAMED wg_dataset_noise_options {
    double deviation;
} wg_dataset_noise_options;
#define wg_dataset_noise(dataset, ...) \
    wg_dataset_noise_with((dataset), WG_OPTIONS(wg_dataset_noise_options, .deviation = 0.1, __VA_ARGS__))
WG_API wg_dataset *wg_dataset_noise_with(wg_dataset *dataset, wg_dataset_noise_options options);

/* Not random: x = scale (from - shift) in another dtype, f32 or f64 (E_DTYPE), computed in f64: bytes of an image become numbers
   in [0, 1] by .scale = 1.0 / 255. */
typedef struct WG_NAMED wg_dataset_cast_options {
    wg_dtype dtype;
    double scale, shift;
} wg_dataset_cast_options;
#define wg_dataset_cast(dataset, ...) \
    wg_dataset_cast_with((dataset), WG_OPTIONS(wg_dataset_cast_options, .dtype = WG_F32, .scale = 1, .shift = 0, __VA_ARGS__))
WG_API wg_dataset *wg_dataset_cast_with(wg_dataset *dataset, wg_dataset_cast_options options);

#ifdef __cplusplus
}
#endif

#endif

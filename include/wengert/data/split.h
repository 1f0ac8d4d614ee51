/* Parts of data: training, validation and test, folds; and standardisation, which learns from the training part alone. Parts are
   index tensors, i64 (n), that wg_dataset_subset and wg_dataset_take_rows take. */
#ifndef WENGERT_DATA_SPLIT_H
#define WENGERT_DATA_SPLIT_H

#include "../base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in dataset.h */
#endif

#include "../tensor.h"
#include "dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- splits ---- */

/* Numbers of rows, i64, in increasing order, made like any tensor. A part without rows has shape (0). */
typedef struct wg_dataset_parts {
    wg_tensor *train, *validation, *test;
} wg_dataset_parts;

/* train, validation, test: shares of the rows, 0 to 1, together at most 1, or, with .counts = true, numbers of rows. train = -1:
   what the others leave. A part that is not given is empty, and rows that no part gets are left out. Sizes of shares are rounded by the largest remainder. shuffle: rows are drawn at random, from stream
   WG_STREAM_SPLIT of the seed; without it the parts are ranges, train first, for series in time. labels: i64 (rows). Stratified:
   with n rows, n_c of class c and s in a part, the part gets n_c s / n rows of class c, rounded up or down such that both all
   rows of the class and the size of the part come out exactly; rounded up are the largest remainders, as far as that allows.
   groups: i64 (rows), such as the number of a patient or a writer. All rows of a group are in one part; groups are taken from the
   largest to the smallest, equal ones in random order, and each goes to the part that misses most of its size. So sizes are as
   near as the groups allow. */
typedef struct WG_NAMED wg_dataset_split_options {
    double train, validation, test;
    bool counts, shuffle;
    uint64_t seed;
    const wg_tensor *labels, *groups;
} wg_dataset_split_options;
/* On failure the parts are NULL: E_NULL, E_ARGUMENT (rows below 0, shares or counts that do not fit, both labels and groups),
   E_DTYPE and E_SHAPE of labels and groups, E_MEMORY. Cost: O(n log n). */
#define wg_dataset_split(rows, parts, ...)                                                                               \
    wg_dataset_split_with((rows), (parts),                                                                               \
                          WG_OPTIONS(wg_dataset_split_options, .train = -1, .validation = 0, .test = 0, .counts = false, \
                                     .shuffle = true, .seed = 0, .labels = WG_NONE, .groups = WG_NONE, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_dataset_split_with(int64_t rows, wg_dataset_parts *parts, wg_dataset_split_options options);

/* Fold number `fold`, 0 … k-1, of k: parts->validation is the fold, parts->train all other rows, parts->test none. Every row is
   in the validation part of exactly one fold. Sizes differ by at most 1, with labels also those of each class; with groups as in
   wg_dataset_split. Folds of the same options belong together. Errors as there; E_ARGUMENT: k below 2 or above rows, fold. */
typedef struct WG_NAMED wg_dataset_folds_options {
    bool shuffle;
    uint64_t seed;
    const wg_tensor *labels, *groups;
} wg_dataset_folds_options;
#define wg_dataset_fold(rows, k, fold, parts, ...) \
    wg_dataset_fold_with(                          \
        (rows), (k), (fold), (parts),              \
        WG_OPTIONS(wg_dataset_folds_options, .shuffle = true, .seed = 0, .labels = WG_NONE, .groups = WG_NONE, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_dataset_fold_with(int64_t rows, int64_t k, int64_t fold, wg_dataset_parts *parts,
                                                    wg_dataset_folds_options options);

/* ---- standardisation ---- */

/* Means and scales, one for each element of `features`: the shape of a row, with extent 1 along an axis that shares one, so (3,
   1, 1) for the channels of images (3, 32, 32). A new one changes nothing: means 0, scales 1. NULL and E_SHAPE, E_MEMORY. */
typedef struct wg_dataset_scaler wg_dataset_scaler;
WG_API wg_dataset_scaler *wg_dataset_scaler_create(wg_shape features);
WG_API void wg_dataset_scaler_destroy(wg_dataset_scaler *scaler); /* NULL is allowed */

/* Learns from rows `index`, i64 (n), of x, (rows, …) f32 or f64, or from all (WG_NONE): mean = Σ x / m and scale = √(Σ (x -
   mean)² / m) over the m elements that share them, in two passes with sums in f64. Where all m are equal the mean is that number
   and the scale 1. On failure nothing has changed: E_NULL, E_DTYPE, E_SHAPE, E_ARGUMENT (no rows, an index, an element that is
   not finite), E_MEMORY. */
WG_API WG_MUST_CHECK wg_status wg_dataset_scaler_fit(wg_dataset_scaler *scaler, const wg_tensor *x, const wg_tensor *index);

/* (x - mean) / scale, and its inverse x scale + mean, computed in f64: new tensors, made like any, of x's dtype and shape (rows,
   …). They are data: no gradient flows. NULL and E_NULL, E_DTYPE, E_SHAPE, E_MEMORY. */
WG_API wg_tensor *wg_dataset_scaler_apply(const wg_dataset_scaler *scaler, const wg_tensor *x);
WG_API wg_tensor *wg_dataset_scaler_invert(const wg_dataset_scaler *scaler, const wg_tensor *x);

/* A dataset of the standardised rows x of another. Means and scales are copied now. */
WG_API wg_dataset *wg_dataset_scaled(wg_dataset *dataset, const wg_dataset_scaler *scaler);

/* "mean" and "scale", f64 of shape `features`, to read and to write (wg_save, wg_load); valid until the scaler is destroyed. */
WG_API wg_tensor_list wg_dataset_scaler_state(const wg_dataset_scaler *scaler);

#ifdef __cplusplus
}
#endif

#endif

/* Readers: files of data become tensors. */
#ifndef WENGERT_DATA_READ_H
#define WENGERT_DATA_READ_H

#include "../base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* else -pedantic warns at wg_dataset_read_csv(path, x, y): before C23 a macro's "..." takes an argument */
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

#ifdef __cplusplus
}
#endif

#endif

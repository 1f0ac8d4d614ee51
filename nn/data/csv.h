/* Reading CSV: the part that wg_dataset_read_csv and wg_dataset_parse_csv share. */
#ifndef NN_CSV_H
#define NN_CSV_H

#include "wengert/data.h"

/* wg_dataset_parse_csv with op, the function that was called, in front of messages. */
wg_status csv_parse(const char *op, const void *bytes, size_t size, const char *name, wg_tensor **features, wg_tensor **labels,
                    wg_dataset_csv_options options);

#endif

/* The parts of logs. */
#ifndef NN_TRAIN_LOG_H
#define NN_TRAIN_LOG_H

#include "wengert/train.h"

/* What a kind of log does. write is given checked names; on failure nothing has changed. */
struct log_kind {
    wg_status (*write)(wg_train_log *log, int64_t epoch, const wg_train_value *value, size_t n, const char *op);
};

struct wg_train_log {
    const struct log_kind *kind;
    char *path, *header; /* the names of the first row as a line of CSV; NULL before */
    int descriptor;
    int64_t size;  /* what of the file is valid, in bytes */
    int64_t epoch; /* of the last row */
    bool resume;   /* a file that was there is not yet cut to the epochs before the first row */
};

/* A log without a file. */
wg_train_log *log_make(const struct log_kind *kind, const char *path, const char *op);

/* Writes at the end of what is valid and brings it to the disk; a failure leaves the file as it was. */
wg_status log_append(wg_train_log *log, const void *bytes, size_t n, const char *op);
wg_status log_failed(const wg_train_log *log, const char *what, int code, const char *op);

/* The fewest digits that read back as the same number, with a point in any locale. */
enum { NUMBER_SIZE = 32 };
void log_number(char text[NUMBER_SIZE], double value);

#endif

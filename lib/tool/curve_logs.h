/* Logs of training, as wg_train_log_csv writes them, and what several of them have in common. */
#ifndef WG_TOOL_CURVE_LOGS_H
#define WG_TOOL_CURVE_LOGS_H

#include <stddef.h>

enum { MAX_COLUMNS = 64, MAX_LINE = 16384 };

struct log {
    const char *path;
    char line[MAX_LINE]; /* its first, cut into names */
    const char *name[MAX_COLUMNS];
    int columns;
    double *value; /* rows times columns; NaN where there is no number */
    size_t rows;
};

/* Reads a log; log_finish frees it, also after a failure. An exit status; a message was printed if it is not TOOL_OK. */
int log_read(struct log *log, const char *path, const char *command);
void log_finish(struct log *log);

/* One column's values in all logs at one epoch: their mean, and one standard deviation (n - 1 in its denominator) below and above it; all
   are NaN if a value is not finite in one of the logs. least: the least of the values. */
struct band {
    double mean, low, high, least;
};

/* The epochs that all logs have. The bands of a row are those of the logs' columns; that of column 0 is the epoch. */
struct common {
    struct band *band; /* rows times columns */
    size_t rows;
};

/* Joins n logs, whose columns must be the same and whose epochs must rise. common.band is freed by the caller, also after a failure. An exit
   status, as above. */
int logs_join(const struct log *log, int n, struct common *common, const char *command);

#endif

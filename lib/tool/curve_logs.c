/* Logs of training: reading them, and the means and deviations over several of them. */
#include "curve_logs.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"

/* ---- reading one ---- */

/* An exit status. */
static int read_names(struct log *log, FILE *file, const char *command)
{
    const bool whole = fgets(log->line, MAX_LINE, file) && strchr(log->line, '\n');
    log->line[strcspn(log->line, "\r\n")] = 0;
    if (!whole || strncmp(log->line, "epoch,", 6) != 0)
        return misused(command, "expected a log, whose first line begins with epoch, in %s", log->path);
    for (char *rest = log->line, *name = strsep(&rest, ","); name; name = strsep(&rest, ",")) {
        if (log->columns == MAX_COLUMNS)
            return misused(command, "expected at most %d columns in %s", MAX_COLUMNS, log->path);
        log->name[log->columns++] = name;
    }
    return TOOL_OK;
}

static void read_row(double *row, int columns, char *line)
{
    char *rest = line;
    for (int i = 0; i < columns; i++) {
        char *text = strsep(&rest, ","), *end = text;
        const double value = text ? strtod(text, &end) : NAN;
        row[i] = end == text ? (double)NAN : value;
    }
}

static int read_rows(struct log *log, FILE *file, const char *command)
{
    char line[MAX_LINE];
    const size_t columns = (size_t)log->columns;
    for (size_t capacity = 0; fgets(line, sizeof line, file); log->rows++) {
        if (log->rows == capacity) {
            capacity = capacity ? 2 * capacity : 256;
            double *more = reallocarray(log->value, capacity, columns * sizeof *more);
            if (!more)
                return misused(command, "expected memory for the rows of %s", log->path);
            log->value = more;
        }
        read_row(log->value + log->rows * columns, log->columns, line);
    }
    return ferror(file) ? misused(command, "expected to read %s: %s", log->path, strerror(errno)) : TOOL_OK;
}

static bool has_epochs(const struct log *log)
{
    for (size_t row = 0; row < log->rows; row++)
        if (isfinite(log->value[row * (size_t)log->columns]))
            return true;
    return false;
}

int log_read(struct log *log, const char *path, const char *command)
{
    FILE *file = fopen(path, "r");
    log->path = path;
    log->columns = 0, log->rows = 0;
    log->value = NULL;
    if (!file)
        return misused(command, "expected a log that can be read, got %s: %s", path, strerror(errno));
    int status = read_names(log, file, command);
    if (status == TOOL_OK)
        status = read_rows(log, file, command);
    fclose(file);
    if (status == TOOL_OK && !has_epochs(log))
        return misused(command, "expected rows in %s", path);
    return status;
}

void log_finish(struct log *log)
{
    free(log->value);
    log->value = NULL;
}

/* ---- joining several ---- */

static double epoch_of(const struct log *log, size_t row)
{
    return log->value[row * (size_t)log->columns];
}

static int check_columns(const struct log *first, const struct log *log, const char *command)
{
    const int n = first->columns < log->columns ? first->columns : log->columns;
    for (int i = 0; i < n; i++)
        if (strcmp(first->name[i], log->name[i]) != 0)
            return misused(command, "expected the same columns in all logs, but column %d is %s in %s and %s in %s", i + 1,
                           first->name[i], first->path, log->name[i], log->path);
    if (first->columns != log->columns)
        return misused(command, "expected the same columns in all logs, got %d in %s and %d in %s", first->columns, first->path,
                       log->columns, log->path);
    return TOOL_OK;
}

static int check_epochs(const struct log *log, const char *command)
{
    for (size_t row = 0; row < log->rows; row++) {
        if (!isfinite(epoch_of(log, row)))
            return misused(command, "expected an epoch in each row of %s, got none in line %zu", log->path, row + 2);
        if (row > 0 && epoch_of(log, row) <= epoch_of(log, row - 1))
            return misused(command, "expected rising epochs in %s, got %g behind %g in line %zu", log->path, epoch_of(log, row),
                           epoch_of(log, row - 1), row + 2);
    }
    return TOOL_OK;
}

/* Of one column, at the row at[i] of log i. Welford, 1962: values that are all equal have exactly their own as a mean. */
static struct band band_of(const struct log *log, const size_t *at, int n, int column)
{
    double mean = 0, squares = 0, least = INFINITY;
    for (int i = 0; i < n; i++) {
        const double value = log[i].value[at[i] * (size_t)log[i].columns + (size_t)column], before = mean;
        mean += (value - mean) / (i + 1);
        squares += (value - before) * (value - mean);
        least = fmin(least, value);
    }
    if (!isfinite(mean) || !isfinite(squares))
        return (struct band){NAN, NAN, NAN, NAN};
    const double deviation = n > 1 ? sqrt(squares / (n - 1)) : 0;
    return (struct band){mean, mean - deviation, mean + deviation, least};
}

/* Moves at[i] to the first row of log i whose epoch is not below this one; whether all logs have it. */
static bool find_epoch(const struct log *log, size_t *at, int n, double epoch)
{
    bool found = true;
    for (int i = 0; i < n; i++) {
        while (at[i] < log[i].rows && epoch_of(&log[i], at[i]) < epoch)
            at[i]++;
        found &= at[i] < log[i].rows && epoch_of(&log[i], at[i]) == epoch;
    }
    return found;
}

int logs_join(const struct log *log, int n, struct common *common, const char *command)
{
    size_t at[MAX_OPERANDS] = {0};
    const size_t columns = (size_t)log[0].columns;
    *common = (struct common){NULL, 0};
    for (int i = 0; i < n; i++) {
        int status = check_columns(&log[0], &log[i], command);
        if (status != TOOL_OK || (status = check_epochs(&log[i], command)) != TOOL_OK)
            return status;
    }
    common->band = reallocarray(NULL, log[0].rows, columns * sizeof *common->band);
    if (!common->band)
        return misused(command, "expected memory for %zu rows of bands", log[0].rows);
    for (size_t row = 0; row < log[0].rows; row++) {
        if (!find_epoch(log, at, n, epoch_of(&log[0], row)))
            continue;
        for (size_t column = 0; column < columns; column++)
            common->band[common->rows * columns + column] = band_of(log, at, n, (int)column);
        common->rows++;
    }
    return common->rows > 0 ? TOOL_OK : misused(command, "expected an epoch that all %d logs have, got none", n);
}

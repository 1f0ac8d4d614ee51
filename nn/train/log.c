/* Logs: what all kinds share. */
#include "log.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wengert/error.h"

/* ---- making and freeing ---- */

wg_train_log *log_make(const struct log_kind *kind, const char *path, const char *op)
{
    if (!path || !path[0]) {
        (void)wg_error_set(path ? WG_E_ARGUMENT : WG_E_NULL, op, "%s: the path is %s", op, path ? "empty" : "NULL");
        return NULL;
    }
    wg_train_log *log = calloc(1, sizeof *log);
    if (log) {
        *log = (wg_train_log){.kind = kind, .path = strdup(path), .descriptor = -1, .epoch = INT64_MIN};
        if (log->path)
            return log;
    }
    (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    free(log);
    return NULL;
}

void wg_train_log_destroy(wg_train_log *log)
{
    if (!log)
        return;
    if (log->descriptor >= 0)
        close(log->descriptor);
    free(log->path), free(log->header);
    free(log);
}

/* ---- writing ---- */

wg_status log_failed(const wg_train_log *log, const char *what, int code, const char *op)
{
    return wg_error_set(WG_E_IO, op, "%s: %s: %s: %s", op, log->path, what, strerror(code));
}

static wg_status write_all(const wg_train_log *log, const char *bytes, size_t n, const char *op)
{
    for (size_t done = 0; done < n;) {
        const ssize_t some = write(log->descriptor, bytes + done, n - done);
        if (some < 0 && errno == EINTR)
            continue;
        if (some <= 0)
            return log_failed(log, "writing", some < 0 ? errno : EIO, op);
        done += (size_t)some;
    }
    return WG_OK;
}

/* The file is what it was before, as far as it can be. Of a device there is nothing to cut. */
static void cut_back(const wg_train_log *log)
{
    if (ftruncate(log->descriptor, log->size) == 0)
        (void)lseek(log->descriptor, log->size, SEEK_SET);
}

wg_status log_append(wg_train_log *log, const void *bytes, size_t n, const char *op)
{
    wg_status status = write_all(log, bytes, n, op);
    if (status == WG_OK && fdatasync(log->descriptor) != 0 && errno != EINVAL && errno != EROFS)
        status = log_failed(log, "bringing it to the disk", errno, op);
    if (status == WG_OK)
        log->size += (int64_t)n;
    else
        cut_back(log);
    return status;
}

/* ---- rows ---- */

static bool is_name(const char *name)
{
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c < ' ' || *c == ',' || *c == '"' || *c == 0x7f)
            return false;
    return name[0] != 0 && strcmp(name, "epoch") != 0;
}

static wg_status check_names(const wg_train_value *value, size_t n, const char *op)
{
    if (!value && n > 0)
        return wg_error_set(WG_E_NULL, op, "%s: the values are NULL", op);
    for (size_t i = 0; i < n; i++) {
        if (!value[i].name)
            return wg_error_set(WG_E_NULL, op, "%s: the name of value %zu is NULL", op, i);
        if (!is_name(value[i].name))
            return wg_error_set(
                WG_E_ARGUMENT, op,
                "%s: expected names without comma, quote and control characters, none of them \"epoch\", got \"%s\"", op,
                value[i].name);
        for (size_t k = 0; k < i; k++)
            if (strcmp(value[k].name, value[i].name) == 0)
                return wg_error_set(WG_E_ARGUMENT, op, "%s: two values are called \"%s\"", op, value[i].name);
    }
    return WG_OK;
}

/* "epoch,loss,…\n"; NULL: no memory. */
static char *make_header(const wg_train_value *value, size_t n)
{
    size_t size = sizeof "epoch\n";
    for (size_t i = 0; i < n; i++)
        size += strlen(value[i].name) + 1;
    char *header = malloc(size), *at = header ? stpcpy(header, "epoch") : NULL;
    for (size_t i = 0; header && i < n; i++)
        at = stpcpy(stpcpy(at, ","), value[i].name);
    if (header)
        strcpy(at, "\n");
    return header;
}

wg_status wg_train_log_write(wg_train_log *log, int64_t epoch, const wg_train_value *value, size_t n)
{
    const char *op = "train_log_write";
    if (!log)
        return wg_error_set(WG_E_NULL, op, "%s: the log is NULL", op);
    WG_TRY(check_names(value, n, op));
    if (epoch < 0 || epoch <= log->epoch)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected an epoch %s %lld, got %lld", op,
                            log->epoch < 0 ? "of at least" : "behind", (long long)(log->epoch < 0 ? 0 : log->epoch),
                            (long long)epoch);
    char *header = make_header(value, n);
    if (!header)
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    const bool first = !log->header;
    wg_status status = WG_OK;
    if (first)
        log->header = header;
    else if (strcmp(log->header, header) != 0)
        status = wg_error_set(WG_E_ARGUMENT, op, "%s: expected the names of the first row, %.*s, got %.*s", op,
                              (int)strlen(log->header) - 1, log->header, (int)strlen(header) - 1, header);
    if (status == WG_OK)
        status = log->kind->write(log, epoch, value, n, op);
    if (status == WG_OK)
        log->epoch = epoch;
    if (!first || status != WG_OK)
        free(header);
    if (first && status != WG_OK)
        log->header = NULL;
    return status;
}

/* ---- numbers ---- */

void log_number(char text[NUMBER_SIZE], double value)
{
    char *to = text;
    if (!isfinite(value)) {
        strcpy(text, isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
        return;
    }
    if (value == 0) { /* a reader that takes whole numbers for integers would lose the sign of -0 */
        strcpy(text, signbit(value) ? "-0.0" : "0");
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, NUMBER_SIZE, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    for (const char *from = text; *from; from++) /* the locale's point may have several bytes */
        if (strchr("+-e0123456789", *from))
            *to++ = *from;
        else if (to == text || to[-1] != '.')
            *to++ = '.';
    *to = 0;
}

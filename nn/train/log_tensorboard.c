/* Logs as TensorBoard's event files. A file is a sequence of records: the length of the data, u64; the masked CRC-32C of these eight
   bytes, u32; the data, a message of events.proto; their masked CRC, u32. All numbers are little-endian. */
#include <errno.h>
#include <events.pb-c.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "wengert/error.h"

static const char op_create[] = "train_log_tensorboard";

/* ---- records ---- */

/* CRC-32C (Castagnoli; 0x82f63b78 is its polynomial, reflected), bit by bit: records are small. Masked, because the data may have CRCs
   in them: rotated to the right by 15 bits, plus a constant. */
static uint32_t masked_crc(const uint8_t *bytes, size_t n)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
    }
    crc = ~crc;
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

static void put(uint8_t *to, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

enum { HEAD = 12, TAIL = 4 };

static wg_status write_event(wg_train_log *log, WgEvent *event, const char *op)
{
    struct timespec now = {0, 0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    event->wall_time = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
    const size_t n = wg_event__get_packed_size(event);
    uint8_t *record = malloc(HEAD + n + TAIL);
    if (!record)
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    put(record, n, 8);
    put(record + 8, masked_crc(record, 8), 4);
    (void)wg_event__pack(event, record + HEAD);
    put(record + HEAD + n, masked_crc(record + HEAD, n), 4);
    const wg_status status = log_append(log, record, HEAD + n + TAIL, op);
    free(record);
    return status;
}

/* ---- rows ---- */

/* The first row is behind a session's start: what older files have of its epoch and later ones is no longer valid. */
static wg_status write_start(wg_train_log *log, int64_t epoch, const char *op)
{
    WgSessionLog session = WG_SESSION_LOG__INIT;
    WgEvent event = WG_EVENT__INIT;
    session.status = WG_SESSION_LOG__STATUS__START;
    event.step = epoch;
    event.what_case = WG_EVENT__WHAT_SESSION_LOG;
    event.session_log = &session;
    return write_event(log, &event, op);
}

static wg_status write_row(wg_train_log *log, int64_t epoch, const wg_train_value *value, size_t n, const char *op)
{
    WgSummary summary = WG_SUMMARY__INIT;
    WgEvent event = WG_EVENT__INIT;
    WgSummary__Value *all = calloc(n + 1, sizeof *all), **list = calloc(n + 1, sizeof *list);
    wg_status status = all && list ? WG_OK : wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    for (size_t i = 0; status == WG_OK && i < n; i++) {
        wg_summary__value__init(&all[i]);
        all[i].tag = (char *)(uintptr_t)value[i].name; /* only read */
        all[i].value_case = WG_SUMMARY__VALUE__VALUE_SIMPLE_VALUE;
        all[i].simple_value = (float)value[i].value;
        list[i] = &all[i];
    }
    summary.n_value = n;
    summary.value = list;
    event.step = epoch;
    event.what_case = WG_EVENT__WHAT_SUMMARY;
    event.summary = &summary;
    if (status == WG_OK && log->resume)
        status = write_start(log, epoch, op);
    if (status == WG_OK)
        log->resume = false;
    if (status == WG_OK)
        status = write_event(log, &event, op);
    free(all), free(list);
    return status;
}

/* ---- the file ---- */

/* A name that no other process and no earlier log has. TensorBoard reads the files whose names have "tfevents" in them, in the order
   of their names, which begin with the time. */
static int create_file(const char *folder)
{
    char host[256] = "host";
    (void)gethostname(host, sizeof host - 1);
    for (char *c = host; *c; c++)
        *c = *c == '/' ? '-' : *c;
    const time_t now = time(NULL);
    for (int i = 0; i < 1000; i++) {
        char *path = NULL;
        if (asprintf(&path, "%s/events.out.tfevents.%010lld.%s.%ld.%03d", folder, (long long)now, host, (long)getpid(), i) < 0) {
            errno = ENOMEM;
            return -1;
        }
        const int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        const int code = errno;
        free(path);
        errno = code;
        if (descriptor >= 0 || code != EEXIST)
            return descriptor;
    }
    return -1;
}

wg_train_log *wg_train_log_tensorboard(const char *folder)
{
    static const struct log_kind tensorboard = {write_row};
    wg_train_log *log = log_make(&tensorboard, folder, op_create);
    if (!log)
        return NULL;
    WgEvent event = WG_EVENT__INIT;
    event.what_case = WG_EVENT__WHAT_FILE_VERSION;
    event.file_version = (char[]){"brain.Event:2"};
    log->resume = true;
    if (mkdir(folder, 0777) == 0 || errno == EEXIST)
        log->descriptor = create_file(folder);
    if (log->descriptor >= 0 && write_event(log, &event, op_create) == WG_OK)
        return log;
    if (log->descriptor < 0)
        (void)(errno == ENOMEM ? wg_error_set(WG_E_MEMORY, op_create, "%s: out of memory", op_create)
                               : log_failed(log, "creating an event file in it", errno, op_create));
    wg_train_log_destroy(log);
    return NULL;
}

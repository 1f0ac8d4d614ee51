/* Saving and loading checkpoints. */
#include "wengert/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "parts.h"
#include "replace.h"
#include "save.h"
#include "wengert/error.h"
#include "wengert/runtime.h"

#define FORMAT "wengert checkpoint 1"

/* ---- saving ---- */

static wg_status fill_stand_ins(const wg_run *c)
{
    for (size_t i = 0; i < c->n_stand_ins; i++) {
        const struct stand_in *s = &c->stand_in[i];
        int64_t numbers[PART_NUMBERS] = {0};
        if (s->count) {
            numbers[0] = *s->count;
        } else {
            const wg_batches_state state = wg_batches_state_of(s->batches);
            numbers[0] = (int64_t)state.seed, numbers[1] = state.epoch, numbers[2] = state.position;
            numbers[3] = wg_batches_per_epoch(s->batches);
        }
        WG_TRY(wg_write(c->tensor[s->entry], numbers));
    }
    return WG_OK;
}

static wg_status hash_all(const wg_run *c, char text[FILE_HASH_TEXT], const char *op)
{
    struct file_hash hash;
    WG_TRY(file_hash_begin(&hash, op));
    const wg_status status = file_hash(parts_of(c), &hash, op);
    file_hash_end(&hash, text);
    return status;
}

/* The checkpoint's own texts, then the user's. */
static wg_status list_texts(const wg_file_texts *user, const char *hash, wg_file_texts *texts, const char *op)
{
    const char *const own[] = {"format", FORMAT, "version", wg_version(), "kernels", wg_kernel_family(), "hash", hash};
    const size_t n = sizeof own / sizeof *own;
    if (user->count > 2 * WG_MAX_TEXTS - n)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected at most %zu texts, got %zu", op, WG_MAX_TEXTS - n / 2,
                            (user->count + 1) / 2);
    texts->count = n + user->count;
    memcpy(texts->string, own, sizeof own);
    memcpy(texts->string + n, user->string, user->count * sizeof *user->string);
    return WG_OK; /* a key of the checkpoint's among the user's is there twice */
}

wg_status wg_run_save_with(const wg_run *run, const char *path, wg_run_save_options options)
{
    const char *op = "run_save";
    char hash[FILE_HASH_TEXT];
    wg_save_options save = {.keep_previous = options.keep_previous};
    if (!run || !path)
        return wg_error_set(WG_E_NULL, op, "%s: the %s is NULL", op, run ? "path" : "run");
    WG_TRY(parts_check_live(run, op));
    WG_TRY(fill_stand_ins(run));
    WG_TRY(hash_all(run, hash, op));
    WG_TRY(list_texts(&options.texts, hash, &save.texts, op));
    return file_save(path, parts_of(run), &save, op);
}

wg_status wg_run_check_path(const wg_run *run, const char *path)
{
    const char *op = "run_check_path";
    char unused[FILE_HASH_TEXT];
    struct file_hash hash;
    struct replacement file;
    if (!run || !path)
        return wg_error_set(WG_E_NULL, op, "%s: the %s is NULL", op, run ? "path" : "run");
    WG_TRY(file_can_save(op));
    WG_TRY(file_hash_begin(&hash, op)); /* whether this library can, too */
    file_hash_end(&hash, unused);
    const wg_status status = replace_begin(&file, path, op);
    replace_end(&file);
    return status;
}

/* ---- loading ---- */

static wg_status check_origin(const struct file_load *load, bool any_kernels)
{
    const char *op = load->source.op, *path = load->source.name;
    const char *format = file_header_text(&load->source.header, "format");
    const char *kernels = file_header_text(&load->source.header, "kernels");
    if (!format || strncmp(format, "wengert checkpoint ", 19) != 0)
        return wg_error_set(WG_E_IO, op, "%s: %s: expected a checkpoint, got a model file: wg_load reads it", op, path);
    if (strcmp(format, FORMAT) != 0)
        return wg_error_set(WG_E_IO, op, "%s: %s: expected the format \"%s\", got \"%.60s\"", op, path, FORMAT, format);
    if (any_kernels || (kernels && strcmp(kernels, wg_kernel_family()) == 0))
        return WG_OK;
    return wg_error_set(
        WG_E_STATE, op,
        "%s: %s: saved with %.40s kernels, here they are %s: the run would go on with other bits (.any_kernels = true "
        "allows that)",
        op, path, kernels ? kernels : "unknown", wg_kernel_family());
}

static wg_status check_hash(const struct file_load *load)
{
    const char *op = load->source.op, *path = load->source.name, *expected = file_header_text(&load->source.header, "hash");
    char text[FILE_HASH_TEXT];
    struct file_hash hash;
    WG_TRY(file_hash_begin(&hash, op));
    for (size_t i = 0; i < load->n; i++)
        file_hash_add(&hash, load->wanted[i].elements, (size_t)(load->wanted[i].entry->end - load->wanted[i].entry->begin));
    file_hash_end(&hash, text);
    if (expected && strcmp(expected, text) == 0)
        return WG_OK;
    return wg_error_set(WG_E_IO, op, "%s: %s: the data have the hash %s, the file says %.40s: it was damaged", op, path, text,
                        expected ? expected : "nothing");
}

static const int64_t *loaded(const struct file_load *load, size_t entry)
{
    for (size_t i = 0; i < load->n; i++)
        if (load->wanted[i].order == entry)
            return load->wanted[i].elements;
    return NULL;
}

/* Puts back the positions of the first n stand-ins. */
static void restore_positions(const wg_run *c, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (c->stand_in[i].batches && wg_batches_restore(c->stand_in[i].batches, c->stand_in[i].before) != WG_OK)
            return; /* never: it was there before */
}

/* The positions in data: each is checked by its iterator, so they are set before the tensors change. */
static wg_status set_positions(const wg_run *c, const struct file_load *load)
{
    for (size_t i = 0; i < c->n_stand_ins; i++) {
        struct stand_in *s = &c->stand_in[i];
        if (!s->batches)
            continue;
        const int64_t *numbers = loaded(load, s->entry);
        s->before = wg_batches_state_of(s->batches);
        wg_status status = wg_batches_restore(
            s->batches, (wg_batches_state){.seed = (uint64_t)numbers[0], .epoch = numbers[1], .position = numbers[2]});
        if (status == WG_OK && numbers[3] != wg_batches_per_epoch(s->batches)) {
            restore_positions(c, i + 1);
            return wg_error_set(WG_E_ARGUMENT, load->source.op, "%s: %s: %.100s had %lld batches an epoch, here it has %lld",
                                load->source.op, load->source.name, c->name[s->entry], (long long)numbers[3],
                                (long long)wg_batches_per_epoch(s->batches));
        }
        if (status != WG_OK) {
            restore_positions(c, i);
            return status;
        }
    }
    return WG_OK;
}

/* A number or an iterator that is in several parts has one value, so the file must have one, too. */
static wg_status check_stand_ins(const wg_run *c, const struct file_load *load)
{
    for (size_t i = 0; i < c->n_stand_ins; i++)
        for (size_t k = 0; k < i; k++) {
            const struct stand_in *a = &c->stand_in[k], *b = &c->stand_in[i];
            const size_t numbers = a->count ? 1 : PART_NUMBERS;
            if (a->count == b->count && a->batches == b->batches &&
                memcmp(loaded(load, a->entry), loaded(load, b->entry), numbers * sizeof(int64_t)) != 0)
                return wg_error_set(WG_E_ARGUMENT, load->source.op,
                                    "%s: %s: %.100s and %.100s are one %s here, and differ in the file", load->source.op,
                                    load->source.name, c->name[a->entry], c->name[b->entry], a->count ? "number" : "iterator");
        }
    return WG_OK;
}

static wg_status take_over(const wg_run *c, const struct file_load *load)
{
    WG_TRY(check_stand_ins(c, load));
    WG_TRY(set_positions(c, load));
    const wg_status status = file_load_commit(load);
    if (status != WG_OK) {
        restore_positions(c, c->n_stand_ins);
        return status;
    }
    for (size_t i = 0; i < c->n_stand_ins; i++)
        if (c->stand_in[i].count)
            *c->stand_in[i].count = *loaded(load, c->stand_in[i].entry);
    return WG_OK;
}

static wg_status load_file(const wg_run *c, const char *path, const wg_run_load_options *o, const char *op)
{
    wg_load_options options = WG_LOAD_OPTIONS_();
    struct file_load load = {.source = {.op = op, .descriptor = -1}};
    if (o->optional && !file_exists(path))
        return WG_OK;
    wg_status status = file_load_open(&load, path, parts_of(c), &options);
    if (status == WG_OK)
        status = check_origin(&load, o->any_kernels);
    if (status == WG_OK)
        status = file_load_match(&load, &options);
    if (status == WG_OK)
        status = file_load_read(&load);
    if (status == WG_OK)
        status = check_hash(&load);
    if (status == WG_OK)
        status = take_over(c, &load);
    file_load_end(&load);
    return status;
}

/* Says of a file that cannot be used that the one before it is there. first: no error was recorded before this one. */
static wg_status mention_previous(wg_status status, bool first, const char *previous, const char *op)
{
    wg_error error;
    if (!first || !file_exists(previous) || wg_error_take(&error) == WG_OK)
        return status;
    return wg_error_set(error.code, op, "%s (%s is the one before it: .previous = true reads that)", error.message, previous);
}

wg_status wg_run_load_with(const wg_run *run, const char *path, wg_run_load_options options)
{
    const char *op = "run_load";
    if (!run || !path)
        return wg_error_set(WG_E_NULL, op, "%s: the %s is NULL", op, run ? "path" : "run");
    WG_TRY(parts_check_live(run, op));
    char *previous = NULL;
    if (asprintf(&previous, "%s.prev", path) < 0)
        return parts_no_memory(op);
    const bool first = !wg_error_first();
    wg_status status = load_file(run, options.previous ? previous : path, &options, op);
    if (status == WG_E_IO && !options.previous)
        status = mention_previous(status, first, previous, op);
    free(previous);
    return status;
}

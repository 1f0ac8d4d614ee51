/* Folders of images: a folder for each class. Paths are made of names of the directory alone. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bytes.h"
#include "images.h"
#include "png_image.h"
#include "wengert/error.h"

/* ---- sorted names ---- */

struct names {
    size_t n, capacity;
    char **name;
};

static void end_names(struct names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->name[i]);
    free(names->name);
    *names = (struct names){0, 0, NULL};
}

static wg_status no_memory(const char *op)
{
    return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
}

static wg_status add_name(struct names *names, const char *name, const char *op)
{
    if (names->n == names->capacity) {
        const size_t capacity = names->capacity ? 2 * names->capacity : 16;
        char **larger = realloc(names->name, capacity * sizeof *larger);
        if (!larger)
            return no_memory(op);
        names->name = larger;
        names->capacity = capacity;
    }
    names->name[names->n] = strdup(name);
    if (!names->name[names->n])
        return no_memory(op);
    names->n++;
    return WG_OK;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_image(const char *name)
{
    const size_t n = strlen(name);
    return n > 4 && strcmp(name + n - 4, ".png") == 0;
}

/* Of a directory's entries those that are folders, or else files that end with .png. */
static wg_status read_entries(const char *path, DIR *directory, bool folders, struct names *names, const char *op)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        struct stat about;
        if (!entry)
            return errno ? wg_error_set(WG_E_IO, op, "%s: %.120s: %s", op, path, strerror(errno)) : WG_OK;
        if (entry->d_name[0] == '.' || (!folders && !is_image(entry->d_name)))
            continue;
        if (fstatat(dirfd(directory), entry->d_name, &about, 0) != 0)
            return wg_error_set(WG_E_IO, op, "%s: %.120s/%.60s: %s", op, path, entry->d_name, strerror(errno));
        if (folders ? S_ISDIR(about.st_mode) : S_ISREG(about.st_mode))
            WG_TRY(add_name(names, entry->d_name, op));
    }
}

static wg_status list_names(const char *path, bool folders, struct names *names, const char *op)
{
    DIR *directory = opendir(path);
    if (!directory)
        return errno == ENOMEM ? no_memory(op) : wg_error_set(WG_E_IO, op, "%s: %.120s: %s", op, path, strerror(errno));
    const wg_status status = read_entries(path, directory, folders, names, op);
    closedir(directory);
    WG_TRY(status);
    if (names->n == 0)
        return wg_error_set(WG_E_IO, op, "%s: %.120s: there are no %s", op, path,
                            folders ? "folders, one for each class" : ".png files");
    qsort(names->name, names->n, sizeof *names->name, by_bytes);
    return WG_OK;
}

/* ---- the images ---- */

struct wg_dataset_classes {
    struct names names;
};

/* What is read: path, its classes, and for each the paths of its images. */
struct folder {
    const char *path, *op;
    const wg_dataset_png_options *options;
    struct wg_dataset_classes *classes;
    struct names *images;
    int64_t n;
};

static wg_status list_images(struct folder *f)
{
    WG_TRY(list_names(f->path, true, &f->classes->names, f->op));
    const struct names *classes = &f->classes->names;
    f->images = calloc(classes->n, sizeof *f->images);
    if (!f->images)
        return no_memory(f->op);
    for (size_t i = 0; i < classes->n; i++) {
        char *path;
        if (asprintf(&path, "%s/%s", f->path, classes->name[i]) < 0)
            return no_memory(f->op);
        const wg_status status = list_names(path, false, &f->images[i], f->op);
        free(path);
        WG_TRY(status);
        f->n += (int64_t)f->images[i].n;
    }
    return WG_OK;
}

static wg_status read_image(const struct folder *f, size_t label, size_t k, struct png_image *image, char name[200])
{
    struct bytes bytes = {NULL, 0, 0};
    char *path;
    if (asprintf(&path, "%s/%s/%s", f->path, f->classes->names.name[label], f->images[label].name[k]) < 0)
        return no_memory(f->op);
    snprintf(name, 200, "%s", path);
    wg_status status = bytes_read(&bytes, path, f->options->max_bytes, false, f->op);
    if (status == WG_OK) {
        struct cursor c = {.bytes = bytes.data, .size = bytes.size, .op = f->op, .name = path};
        status = png_image_read(image, &c, f->options);
    }
    free(bytes.data), free(path);
    return status;
}

/* The tensors, of n images like the first one. */
static wg_status make_tensors(const struct folder *f, const struct png_image *first, struct images *form,
                              struct image_tensors *made)
{
    size_t bytes;
    *form = (struct images){f->n,
                            png_image_channels(first, f->options->channels),
                            first->height,
                            first->width,
                            .flat = f->options->flat,
                            .dtype = f->options->dtype};
    const wg_shape shape = WG_SHAPE(form->n, form->channels, form->height, form->width);
    if (!checked_bytes(&shape, wg_dtype_size(form->dtype), &bytes) || bytes > f->options->max_bytes)
        return wg_error_set(WG_E_IO, f->op, "%s: %.120s: %lld images of %lldx%lld are more than %zu bytes (see .max_bytes)", f->op,
                            f->path, (long long)form->n, (long long)form->width, (long long)form->height, f->options->max_bytes);
    return images_make(made, form, f->op);
}

/* Image k of a class, which becomes image `at` of all. */
static wg_status add_image(const struct folder *f, size_t label, size_t k, int64_t at, struct images *form,
                           struct image_tensors *made)
{
    struct png_image image;
    char name[200];
    WG_TRY(read_image(f, label, k, &image, name));
    wg_status status = at == 0 ? make_tensors(f, &image, form, made) : WG_OK;
    if (status == WG_OK && (image.width != form->width || image.height != form->height))
        status = wg_error_set(WG_E_SHAPE, f->op, "%s: %.150s: expected %lldx%lld pixels, as the first image has, got %lldx%lld",
                              f->op, name, (long long)form->width, (long long)form->height, (long long)image.width,
                              (long long)image.height);
    if (status == WG_OK) {
        const int64_t numel = form->channels * form->height * form->width;
        png_image_pixels(&image, (int)form->channels, form->dtype,
                         (char *)made->pixel + (size_t)(at * numel) * wg_dtype_size(form->dtype));
        made->label[at] = (int64_t)label;
    }
    png_image_end(&image);
    return status;
}

static wg_status read_images(struct folder *f, wg_tensor **images, wg_tensor **labels)
{
    struct images form;
    struct image_tensors made = {.images = NULL};
    int64_t at = 0;
    wg_status status = list_images(f);
    for (size_t label = 0; label < f->classes->names.n && status == WG_OK; label++)
        for (size_t k = 0; k < f->images[label].n && status == WG_OK; k++)
            status = add_image(f, label, k, at++, &form, &made);
    if (status != WG_OK) {
        discard_tensor(made.images);
        discard_tensor(made.labels);
        return status;
    }
    *images = made.images;
    *labels = made.labels;
    return WG_OK;
}

wg_status wg_dataset_read_folder_with(const char *path, wg_tensor **images, wg_tensor **labels, wg_dataset_classes **classes,
                                      wg_dataset_png_options options)
{
    const char *op = "dataset_read_folder";
    if (!path || !images || !labels)
        return wg_error_set(WG_E_NULL, op, "%s: %s NULL", op,
                            path ? "expected where to put images and labels, got" : "the path is");
    WG_TRY(png_check_options(op, &options));
    struct folder f = {.path = path, .op = op, .options = &options, .classes = calloc(1, sizeof *f.classes)};
    if (!f.classes)
        return no_memory(op);
    const wg_status status = read_images(&f, images, labels);
    for (size_t i = 0; i < f.classes->names.n && f.images; i++)
        end_names(&f.images[i]);
    free(f.images);
    if (status == WG_OK && classes)
        *classes = f.classes;
    else
        wg_dataset_classes_destroy(f.classes);
    return status;
}

/* ---- classes ---- */

size_t wg_dataset_classes_count(const wg_dataset_classes *classes)
{
    if (!classes)
        (void)wg_error_set(WG_E_NULL, "dataset_classes_count", "dataset_classes_count: the classes are NULL");
    return classes ? classes->names.n : 0;
}

const char *wg_dataset_classes_name(const wg_dataset_classes *classes, int64_t label)
{
    const char *op = "dataset_classes_name";
    if (!classes) {
        (void)wg_error_set(WG_E_NULL, op, "%s: the classes are NULL", op);
        return NULL;
    }
    if (label >= 0 && label < (int64_t)classes->names.n)
        return classes->names.name[label];
    (void)wg_error_set(WG_E_ARGUMENT, op, "%s: %lld is not in 0..%zu", op, (long long)label, classes->names.n - 1);
    return NULL;
}

void wg_dataset_classes_destroy(wg_dataset_classes *classes)
{
    if (!classes)
        return;
    end_names(&classes->names);
    free(classes);
}

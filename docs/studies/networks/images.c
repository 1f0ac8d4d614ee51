/* Where the images of studies come from. */
#include "images.h"

#include <string.h>
#include <unistd.h>

enum { DIGITS_TRAIN = 898, CIFAR_FILES = 5, MAX_PATH = 1024 };

/* The path of a file of the folder, plain or with the ending .gz. False: there is neither. */
static bool find(const char *folder, const char *name, char path[MAX_PATH])
{
    snprintf(path, MAX_PATH, "%s/%s", folder, name);
    if (access(path, R_OK) == 0)
        return true;
    snprintf(path, MAX_PATH, "%s/%s.gz", folder, name);
    return access(path, R_OK) == 0;
}

static bool read_mnist(const char *folder, const char *prefix, struct image_part *part)
{
    char images[MAX_PATH], labels[MAX_PATH], name[40];
    snprintf(name, sizeof name, "%s-images-idx3-ubyte", prefix);
    const bool has_images = find(folder, name, images);
    snprintf(name, sizeof name, "%s-labels-idx1-ubyte", prefix);
    return has_images && find(folder, name, labels) &&
           wg_dataset_read_mnist(images, labels, &part->x, &part->y, .flat = true) == WG_OK;
}

static bool read_cifar(const char *folder, const char *const *names, size_t n, wg_cifar kind, struct image_part *part)
{
    char path[CIFAR_FILES][MAX_PATH];
    const char *paths[CIFAR_FILES];
    for (size_t i = 0; i < n; i++) {
        if (!find(folder, names[i], path[i]))
            return false;
        paths[i] = path[i];
    }
    return wg_dataset_read_cifar(paths, n, &part->x, &part->y, .kind = kind, .flat = true) == WG_OK;
}

bool digits_split(int64_t n, bool flat, struct image_part *train, struct image_part *test)
{
    struct image_part all;
    if (wg_dataset_digits(&all.x, &all.y, .flat = flat) != WG_OK)
        return false;
    *train = image_part_rows(&all, 0, n);
    *test = image_part_rows(&all, n, wg_extent(all.y, 0));
    image_part_free(&all);
    return train->x && train->y && test->x && test->y;
}

/* True if some set was read; images->name is NULL if the folder has none of the three. */
static bool read_folder(struct images *images, const char *folder)
{
    static const char *const batches[] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                                          "data_batch_5.bin"};
    static const char *const last[] = {"test_batch.bin"}, *const train[] = {"train.bin"}, *const test[] = {"test.bin"};
    char path[MAX_PATH];
    if (find(folder, "train-images-idx3-ubyte", path)) {
        *images = (struct images){.name = strcasestr(folder, "fashion") ? "Fashion-MNIST" : "MNIST", .channels = 1, .classes = 10};
        return read_mnist(folder, "train", &images->train) && read_mnist(folder, "t10k", &images->test);
    }
    if (find(folder, batches[0], path)) {
        *images = (struct images){.name = "CIFAR-10", .channels = 3, .classes = 10};
        return read_cifar(folder, batches, CIFAR_FILES, WG_CIFAR_10, &images->train) &&
               read_cifar(folder, last, 1, WG_CIFAR_10, &images->test);
    }
    if (find(folder, train[0], path)) {
        *images = (struct images){.name = "CIFAR-100", .channels = 3, .classes = 100};
        return read_cifar(folder, train, 1, WG_CIFAR_100, &images->train) &&
               read_cifar(folder, test, 1, WG_CIFAR_100, &images->test);
    }
    return false;
}

static void keep_rows(struct image_part *part, int64_t rows)
{
    struct image_part kept;
    if (rows == 0 || rows >= wg_extent(part->y, 0))
        return;
    kept = image_part_rows(part, 0, rows);
    image_part_free(part);
    *part = kept;
}

/* What the library has not said yet, about a folder that has no set or not all of one. */
static void explain(const struct images *images, const char *folder)
{
    if (!wg_error_first())
        (void)wg_error_set(
            WG_E_IO, "images",
            "--data %s: expected all files of MNIST (train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-…), CIFAR-10 "
            "(data_batch_1.bin … data_batch_5.bin, test_batch.bin) or CIFAR-100 (train.bin, test.bin), got %s%s",
            folder, images->name ? "a part of " : "none of them", images->name ? images->name : "");
}

bool images_read(struct images *images, const struct study_run *run, int64_t rows)
{
    *images = (struct images){.name = "the built-in digits", .channels = 1, .classes = 10};
    if (run->data)
        images->name = NULL;
    bool good = run->data ? read_folder(images, run->data) : digits_split(DIGITS_TRAIN, true, &images->train, &images->test);
    if (!good && run->data)
        explain(images, run->data);
    if (good) {
        keep_rows(&images->train, rows);
        keep_rows(&images->test, rows);
        good = images->train.x && images->train.y && images->test.x && images->test.y;
    }
    if (!good) {
        images_free(images);
        return false;
    }
    images->pixels = wg_extent(images->train.x, 1);
    for (images->side = 1; images->channels * images->side * images->side < images->pixels;)
        images->side++;
    return true;
}

void images_free(struct images *images)
{
    image_part_free(&images->train);
    image_part_free(&images->test);
}

/* With no tape open the slices are the caller's, and share the memory of the part. Training expects contiguous rows, which slices of rows
   are. */
struct image_part image_part_rows(const struct image_part *part, int64_t start, int64_t stop)
{
    return (struct image_part){wg_slice(part->x, 0, start, stop, 1), wg_slice(part->y, 0, start, stop, 1)};
}

void image_part_free(struct image_part *part)
{
    wg_free(part->x), wg_free(part->y);
    *part = (struct image_part){NULL, NULL};
}

#pragma once

#include <stddef.h>
#include <stdint.h>

/// A decoded image, or why there is none.
typedef struct {
    uint32_t height;
    uint32_t width;
    /// height × width × channels bytes from malloc, or null.
    uint8_t *pixels;
    /// What the library says is wrong, ended by zero.
    char message[200];
} cimages_image;

/// What the bytes start as.
typedef enum { CIMAGES_OTHER = 0, CIMAGES_PNG = 1, CIMAGES_JPEG = 2 } cimages_format;

/// The format that `bytes` start as.
cimages_format cimages_recognise(const uint8_t *bytes, size_t count);

/// Decodes PNG or JPEG into `channels` (1 grey, 3 red, green, blue) bytes a pixel, transparent parts over black.
///
/// Returns 1 when done, 0 when the bytes are wrong (`message` says why), -1 when the image has more than `pixel_limit`
/// pixels; memory is asked for only after that is known. The errors of the libraries end here.
int cimages_decode(const uint8_t *bytes, size_t count, int channels, uint64_t pixel_limit, cimages_image *image);

/// Gives the pixels back.
void cimages_free(cimages_image *image);

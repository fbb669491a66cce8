"""Receipt printers that speak ESC/POS, for Chinese paper.

    Document ──► layout.lay_out ──► rows ──┬─► escpos.encode ──► bytes ──► driver.Printer ──► a transport
    (document)   (columns, wrapping)       ├─► raster.to_png
                                           └─► text.to_text

`simulator.VirtualPrinter` is the other end: a printer on the network, with paper one can look at.
"""
